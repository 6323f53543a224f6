import { Table, TableForeignKey, TableIndex } from "typeorm"
import type { Alteration } from "../../typeorm/metadata/altered-metadata"
import type { ServedTable } from "./inventory"
import { addChecks } from "./checks"
import { keysServedBy } from "./indexes/indexes"
import type { Steps } from "./steps"

/** @internal Adds the columns that are missing, as ones that can be NULL yet. */
export async function addColumns(
    steps: Steps,
    { dataSource, metadata, table, missingColumns }: ServedTable,
): Promise<void> {
    const { columns } = Table.create(metadata, dataSource.driver)
    const added = columns.filter(({ name }) =>
        missingColumns.some(({ databaseName }) => databaseName === name),
    )
    if (added.length === 0) return
    // Their unique indexes come last.
    for (const column of added) Object.assign(column, { isNullable: true, isUnique: false })
    await steps.schema((runner) => runner.addColumns(table, added))
    for (const column of added)
        if (!table.findColumnByName(column.name)) table.addColumn(column.clone())
}

/** @internal Lets columns be NULL whose rows are without a number first. */
export async function loosen(steps: Steps, { table, tight }: ServedTable): Promise<void> {
    const changed = tight.flatMap((column) => {
        const oldColumn = table.findColumnByName(column.databaseName)
        if (!oldColumn) return []
        return [{ oldColumn, newColumn: Object.assign(oldColumn.clone(), { isNullable: true }) }]
    })
    if (changed.length > 0) await steps.schema((runner) => runner.changeColumns(table, changed))
}

/** @internal Makes the columns NOT NULL that are filled now, and the unique indexes. */
export async function tighten(steps: Steps, table: Table, served: ServedTable): Promise<void> {
    const { loose, indexes, retyped } = served
    await addChecks(steps, table, served)
    const changed = loose.flatMap((column) => {
        const stored = table.findColumnByName(column.databaseName)
        if (!stored) return []
        const { declared = stored } = retyped.find((one) => one.column === column) ?? {}
        const oldColumn = Object.assign(declared.clone(), { isNullable: true })
        const newColumn = oldColumn.clone()
        newColumn.isNullable = false
        return [{ oldColumn, newColumn }]
    })
    if (changed.length > 0) await steps.schema((runner) => runner.changeColumns(table, changed))
    const add = () =>
        steps.schema((runner) => runner.createIndices(table, indexes.map(TableIndex.create)))
    const keys = foreignKeysOn(served)
    if (keys.length === 0) return indexes.length > 0 ? add() : undefined
    await steps.undoneWithout((runner) => runner.createForeignKeys(table.clone(), keys), add)
}

/** @internal Drops the unique indexes of former scopes, when there are others. */
export async function dropFormerIndexes(
    steps: Steps,
    { table, formerIndexes: former, dialect }: ServedTable,
): Promise<void> {
    if (former.length === 0) return
    const keys = dialect.schema.foreignKeysNeedIndex ? keysServedBy(former, table) : []
    await steps.schema(async (runner) => {
        if (keys.length > 0) await runner.dropForeignKeys(table, keys)
        await runner.dropIndices(table, [...former])
        if (keys.length > 0) await runner.createForeignKeys(table, keys)
    })
}

/** MySQL gives up the index that it made for a foreign key once there is another one. */
function foreignKeysOn({ dataSource, dialect, metadata, indexes }: ServedTable): TableForeignKey[] {
    if (!dialect.schema.foreignKeysNeedIndex) return []
    return metadata.foreignKeys
        .filter((key) =>
            indexes.some(({ columns }) =>
                key.columns.every((column, at) => columns[at] === column),
            ),
        )
        .map((key) => TableForeignKey.create(key, dataSource.driver))
}

/**
 * How TypeORM is to see a table before its rows are filled: the columns as ones that can be NULL, without
 * their unique indexes and constraints.
 * @internal
 */
export function beforeRowsAreFilled({
    metadata,
    loose,
    indexes,
    checks: { missing },
}: ServedTable): Alteration[] {
    return [
        [
            metadata,
            {
                indices: metadata.indices.filter((index) => !indexes.includes(index)),
                checks: metadata.checks.filter((check) => !missing.includes(check)),
            },
        ],
        ...loose.map((column): Alteration => [column, { isNullable: true }]),
    ]
}

/** @internal A table as TypeORM would have it, and with the indexes that it leaves alone. */
export function tableAsDeclared({
    dataSource: { driver },
    metadata,
    table: stored,
}: ServedTable): Table {
    const table = Table.create(metadata, driver)
    table.foreignKeys = metadata.foreignKeys.map((key) => TableForeignKey.create(key, driver))
    const leftAlone = metadata.indices.filter(({ synchronize }) => !synchronize)
    table.indices.push(
        ...stored.indices.filter(({ name }) => leftAlone.some((index) => index.name === name)),
    )
    return table
}
