/** A property, or the path to a property of an embedded entity: `"name"`, `"address.country"`. */
export type PropertyPath<Entity> = {
    [Name in keyof Entity & string]: Name | `${Name}.${InnerPath<NonNullable<Entity[Name]>>}`
}[keyof Entity & string]

/** Deeper paths are not looked into: the types of related entities refer to each other. */
type InnerPath<Value> = Value extends object
    ? (keyof Value & string) | `${keyof Value & string}.${string}`
    : never
