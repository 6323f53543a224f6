import type { DataSource, EntityMetadata } from "typeorm"

/** @internal Values that properties of an object of TypeORM's metadata are to have. */
export type Alteration<T extends object = object> = readonly [of: T, values: Partial<T>]

/**
 * Alters TypeORM's metadata until it is restored. Its query runners and its schema builder have no other
 * way to be told of columns as they are on the way to what is declared.
 * @internal
 */
export function alter(alterations: readonly Alteration[]): () => void {
    const before = alterations.map(([of, values]): Alteration => [
        of,
        Object.fromEntries(Object.keys(values).map((name) => [name, Reflect.get(of, name)])),
    ])
    for (const [of, values] of alterations) Object.assign(of, values)
    return () => {
        // The last one first, where two are about the same property.
        for (const [of, values] of before.splice(0).reverse()) Object.assign(of, values)
    }
}

/** @internal Runs work while TypeORM sees its metadata altered. */
export async function whileAltered<T>(
    alterations: readonly Alteration[],
    work: () => Promise<T>,
): Promise<T> {
    const restore = alter(alterations)
    try {
        return await work()
    } finally {
        restore()
    }
}

/**
 * Has TypeORM read the length of a column that no entity has by its name yet. On MySQL it takes that of a default length for
 * one without, and drops the column when it has renamed it, because the length is another one then.
 * @internal
 */
export function withDefaultLengths({ driver }: DataSource): Alteration {
    return [
        driver,
        { dataTypeDefaults: { ...driver.dataTypeDefaults, varchar: {}, varbinary: {} } },
    ]
}

/** @internal Lets migrations and `synchronize()` see an entity's table only where it is of use. */
export function hideTableUnless(metadata: EntityMetadata, isUsed: () => boolean): void {
    Object.defineProperty(metadata, "synchronize", {
        configurable: true,
        enumerable: true,
        get: isUsed,
        // TypeORM sets it once more when it has built the metadata.
        set: () => {},
    })
}

/** @internal Gives an entity that stands for another one the name of that. */
export function renameEntity(metadata: EntityMetadata, name: string): void {
    metadata.name = metadata.target = name
}
