import type { ObjectLiteral } from "typeorm"
import type { ColumnMetadata } from "../../typeorm/names"

/** One of the values of an entity: most have one, for which a map would be dear. */
interface Given {
    /** Of the property: each class of a table has columns of its own. */
    readonly path: string
    value: unknown
    readonly next: Given | undefined
}

const given = new WeakMap<object, Given>()

/** @internal Notes that an entity shows a value that it was given, and that nobody has set. */
export function noteGiven(
    entity: object,
    { propertyPath: path }: ColumnMetadata,
    value: unknown,
): void {
    const former = find(entity, path)
    if (former) former.value = value
    else given.set(entity, { path, value, next: given.get(entity) })
}

/** @internal Takes off an entity what it was given, and not set, when it is inserted again. */
export function hideGiven(entity: ObjectLiteral, columns: readonly ColumnMetadata[]): void {
    if (!given.has(entity)) return
    for (const column of columns) {
        const value = find(entity, column.propertyPath)?.value
        if (value !== undefined && isSame(column.getEntityValue(entity, true), value))
            column.setEntityValue(entity, undefined)
    }
}

function find(entity: object, path: string): Given | undefined {
    let one = given.get(entity)
    while (one && one.path !== path) one = one.next
    return one
}

/** @internal */
export function isSame(one: unknown, other: unknown): boolean {
    if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime()
    // Of a bigint in a primary key the driver of SQLite makes a number, which TypeORM reads back.
    const isNumber = typeof one === "number" || typeof other === "number"
    return isNumber ? String(one) === String(other) : one === other
}
