import type { DataSource } from "typeorm"
import type { WeakReferenceAudit } from "../../audit/types"
import type { Refuse } from "../../declared/options"
import { show } from "../../declared/show"
import { weakReferences } from "../../declared/weak-references"
import { placeOfEntity } from "../../audit/tables"
import { type ColumnPlace, placeOfName } from "./column-place"

/** @internal A column that points at rows of a table without a foreign key. */
export interface WeakReference {
    readonly from: ColumnPlace
    /** The values of other columns of the same table under which it does. */
    readonly where: readonly { readonly column: string; readonly value: string }[]
    readonly to: ColumnPlace
    readonly origin: WeakReferenceAudit["origin"]
}

const TEXT = /^(?<from>.+?)(?:\s+references\s+(?<to>.+?))?(?:\s+where\s+(?<where>.+))?$/is
const TEST = /^(?<column>.+?)\s*=\s*(?:'(?<text>(?:[^']|'')*)'|(?<number>-?\d+))$/s

/**
 * Reads `tag.objectId references Article where tag.contentType = 'Article'`.
 * @internal
 */
export function parseReference(
    dataSource: DataSource,
    text: string,
    usual: ColumnPlace | undefined,
    refuse: Refuse,
): WeakReference {
    const { from = "", to, where } = TEXT.exec(text.trim())?.groups ?? {}
    const wrong = (problem: string) => refuse(`the weak reference ${show(text)} ${problem}`)
    const refuseWithin: Refuse = (problem) => wrong(`can't be read: ${problem}`)
    const source = placeOfName(dataSource, from, refuseWithin)
    const target = to === undefined ? usual : placeOfName(dataSource, to, refuseWithin)
    if (!target) return wrong("doesn't say what it refers to. Add: references <entity>.")
    const tests = where === undefined ? [] : where.split(/\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)/i)
    return {
        from: source,
        to: target,
        origin: "declared",
        where: tests.map((test) => {
            const found = TEST.exec(test.trim())?.groups
            if (!found) return wrong(`has the condition ${show(test)}. Give <column> = '<value>'.`)
            const { column = "", text: value, number = "" } = found
            const place = placeOfName(
                dataSource,
                column.includes(".") ? column : `${from.slice(0, from.lastIndexOf("."))}.${column}`,
                refuseWithin,
            )
            if (place.table.name !== source.table.name)
                wrong(`has a condition on another table. Give one on ${source.table.table}.`)
            return { column: place.column, value: value?.replaceAll("''", "'") ?? number }
        }),
    }
}

/** @internal Those that entities declare, and relations without a foreign key. */
export function declaredReferences(dataSource: DataSource, refuse: Refuse): WeakReference[] {
    const found: WeakReference[] = []
    for (const metadata of dataSource.entityMetadatas) {
        if (metadata.tableType === "entity-child") continue
        const table = placeOfEntity(metadata)
        for (const { target, propertyName, to, where } of weakReferences) {
            if (!isOf(metadata.target, target)) continue
            const place = `@WeakReference of ${metadata.name}.${propertyName}`
            const entity = to() as string | (new () => object)
            if (!dataSource.hasMetadata(entity))
                refuse(
                    `${place} refers to ${show(typeof entity === "string" ? entity : entity.name)}, which is not an entity of the data source.`,
                )
            const { name } = dataSource.getMetadata(entity)
            const own = (path: string) =>
                placeOfName(dataSource, `${metadata.name}.${path}`, refuse)
            found.push({
                from: own(propertyName),
                to: placeOfName(dataSource, name, refuse),
                where: Object.entries(where).map(([path, value]) => ({
                    column: own(path).column,
                    value: String(value),
                })),
                origin: "declared",
            })
        }
        for (const relation of metadata.relations) {
            const [column, ...more] = relation.joinColumns
            const target = column?.referencedColumn
            if (relation.createForeignKeyConstraints || !column || !target || more.length > 0)
                continue
            const { inverseEntityMetadata: inverse } = relation
            found.push({
                from: {
                    table,
                    column: column.databaseName,
                    label: `${metadata.name}.${relation.propertyPath}`,
                    metadata,
                },
                to: {
                    table: placeOfEntity(inverse),
                    column: target.databaseName,
                    label: `${inverse.name}.${target.propertyPath}`,
                    metadata: inverse,
                },
                where: [],
                origin: "relation",
            })
        }
    }
    return found
}

function isOf(own: unknown, declared: unknown): boolean {
    if (own === declared) return true
    return (
        typeof own === "function" &&
        typeof declared === "function" &&
        own.prototype instanceof declared
    )
}
