import type { EntityMetadata, ObjectLiteral, QueryRunner } from "typeorm"
import { loadColumns } from "../../typeorm/load-columns"
import { Transaction } from "../../inserts/transaction"
import { dialectOf } from "../../dialects"
import { InvalidKeyError } from "../../errors"
import { groupBy } from "../../group-by"
import { dataSourceOf } from "../../typeorm/compat"
import { giveFreeKeys } from "./free-keys"
import type { KeyedRow } from "./keyed-row"
import { wishesOfStored } from "./wishes"
import { claimKeys, writeKeys } from "./written-keys"

/**
 * What is left to be done when rows are inserted: to look at what an upsert has made of them, to write
 * the keys that only the INSERT could tell, and to write down the keys of a history.
 * @internal
 */
export async function finishKeys(
    runner: QueryRunner,
    rows: readonly KeyedRow[],
    { isUpsert }: { isUpsert: boolean },
): Promise<void> {
    const inserted = isUpsert ? await findInserted(runner, rows) : rows
    const late = inserted.filter((row) => row.late.length > 0)
    try {
        if (late.length > 0) await writeLateKeys(runner, late)
        await claimKeys(runner, inserted)
    } catch (error) {
        // The rows are in the table with keys that they must not have.
        Transaction.of(runner)?.refuseCommit(error as Error)
        throw error
    }
}

/** The others were there already: their keys are the stored ones, or not known. */
async function findInserted(runner: QueryRunner, rows: readonly KeyedRow[]): Promise<KeyedRow[]> {
    const inserted: KeyedRow[] = []
    for (const [metadata, ofEntity] of groupBy(rows, (row) => row.metadata)) {
        const isTold = tellsRows(metadata, ofEntity)
        const stored = await findByMadeKeys(runner, metadata, ofEntity)
        for (const [{ entity }, found] of stored)
            // TypeORM may have set the primary key of another row.
            for (const column of metadata.primaryColumns)
                column.setEntityValue(entity, column.getEntityValue(found))
        inserted.push(...stored.keys())
        const others = ofEntity.filter((row) => !stored.has(row))
        for (const row of others) row.clear()
        if (isTold && others.length > 0) await showStoredKeys(runner, metadata, others)
    }
    return inserted
}

/** Skipped rows are left out of what the statement returns, and TypeORM pairs by position. */
function tellsRows(metadata: EntityMetadata, rows: readonly KeyedRow[]): boolean {
    const dataSource = dataSourceOf(metadata)
    const ids = rows.map(({ entity }) => JSON.stringify(metadata.getEntityIdMap(entity)))
    return (
        dialectOf(dataSource)?.tellsUpserted(dataSource) === true &&
        new Set(ids).size === ids.length &&
        rows.every(({ entity }) => metadata.hasAllPrimaryKeys(entity))
    )
}

/** A key that was made for a row is in the table only if the row is. */
async function findByMadeKeys(
    runner: QueryRunner,
    metadata: EntityMetadata,
    rows: readonly KeyedRow[],
): Promise<Map<KeyedRow, ObjectLiteral>> {
    const found = new Map<KeyedRow, ObjectLiteral>()
    const made = rows.flatMap((row) => (row.missing[0] ? [{ row, key: row.missing[0] }] : []))
    for (const [key, ofKey] of groupBy(made, (one) => one.key)) {
        const { propertyPath } = key
        const texts = ofKey.map(({ row }) => row.textOf(key))
        const stored = await runner.manager
            .createQueryBuilder(metadata.target, "row")
            .select([...metadata.primaryColumns, key.column].map((c) => `row.${c.propertyPath}`))
            .withDeleted()
            .where(`row.${propertyPath} IN (:...texts)`, { texts })
            .getMany()
        const byText = new Map(stored.map((one) => [key.column.getEntityValue(one) as string, one]))
        for (const { row } of ofKey) {
            const one = byText.get(row.textOf(key))
            if (one) found.set(row, one)
        }
    }
    return found
}

async function showStoredKeys(
    runner: QueryRunner,
    metadata: EntityMetadata,
    rows: readonly KeyedRow[],
): Promise<void> {
    const columns = new Set(rows.flatMap((row) => row.missing.map(({ column }) => column)))
    const entities = rows.map(({ entity }) => entity)
    const stored = await loadColumns(runner.manager, metadata, [...columns], entities)
    const idOf = (entity: ObjectLiteral) => JSON.stringify(metadata.getEntityIdMap(entity))
    const byId = new Map(stored.map((row) => [idOf(row), row]))
    for (const row of rows) {
        const found = byId.get(idOf(row.entity))
        for (const { column } of found ? row.missing : [])
            column.setEntityValue(row.entity, column.getEntityValue(found ?? {}))
    }
}

async function writeLateKeys(runner: QueryRunner, rows: readonly KeyedRow[]): Promise<void> {
    // One key may be made of another, so those that nothing is missing for come first.
    for (let open = rows; open.length > 0; open = open.filter(({ late }) => late.length > 0)) {
        const wishes = await wishesOfStored(
            runner,
            open.map((row) => ({ row, keys: row.late })),
        )
        if (wishes.length === 0) throw notGiven(open)
        await giveFreeKeys(runner, wishes)
        for (const { row, key, got } of wishes) {
            row.late = row.late.filter((other) => other !== key)
            if (got !== undefined) row.set(key, got)
        }
        for (const [key, ofKey] of groupBy(wishes, (wish) => wish.key))
            await writeKeys(
                runner,
                key,
                ofKey.map(({ row: { entity }, got }) => ({ entity, text: got })),
            )
    }
}

function notGiven([row]: readonly KeyedRow[]): InvalidKeyError {
    return new InvalidKeyError(
        `derive of ${row?.late[0]?.name ?? "a key"} reads what is not there after the INSERT either: a key ` +
            "that is made of this one, or what save() does not read back with { reload: false }.",
    )
}
