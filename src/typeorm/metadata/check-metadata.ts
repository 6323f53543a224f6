import type { EntityMetadata } from "typeorm"

/** @internal */
export type CheckMetadata = EntityMetadata["checks"][number]

/**
 * Adds a CHECK constraint to an entity whose indexes are being built: TypeORM builds those that it knows
 * itself from decorators, which know no names of columns.
 * @internal
 */
export function addCheck(
    metadata: EntityMetadata,
    { name, expression }: { readonly name: string; readonly expression: string },
): void {
    if (metadata.checks.some((other) => other.name === name)) return
    const check: CheckMetadata = {
        entityMetadata: metadata,
        givenName: name,
        name,
        expression,
        build: () => check,
    }
    metadata.checks.push(check)
}
