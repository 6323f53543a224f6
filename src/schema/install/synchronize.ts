import type { DataSource, QueryRunner } from "typeorm"
import { dialectOf } from "../../dialects"
import type { Dialect } from "../../dialects/dialect"
import { hasJournal } from "../../series/journal"
import { onMaster } from "../../typeorm/on-master"
import { whileAltered, withDefaultLengths } from "../../typeorm/metadata/altered-metadata"
import { tableName } from "../../typeorm/names"
import { planSynchronize, type Synchronization } from "../../typeorm/schema/schema-builder"
import { hasRows } from "../../typeorm/statement"
import { keepRenamedColumns } from "../names/renamed-columns"
import { findRenamings, refuseStrays } from "../names/renamings"
import { refuseSwappedScopes } from "../names/swapped-scopes"
import { addChecks, dropFormerChecks, findChecks } from "../plan/checks"
import { beforeRowsAreFilled } from "../plan/column-steps"
import {
    type Inventory,
    refuseUnsupportedSeries,
    retypedOf,
    servedEntities,
    type ServedTable,
    takeInventory,
} from "../plan/inventory"
import { keysServedBy } from "../plan/indexes/indexes"
import { asStored } from "../plan/retyped-columns"
import { RowOrder } from "../plan/row-order"
import { createTriggers, dropTriggers } from "../plan/triggers/trigger-steps"
import { readTriggers } from "../plan/triggers/triggers"
import { LiveSteps } from "./live-steps"
import { installIn, refuseObstacles } from "./install"

/**
 * Lets `synchronize()` give the rows that exist their numbers and keys, as an installation does. Alone it
 * would make a column NOT NULL whose rows have nothing in it, or on MySQL all the same.
 * @internal
 */
export function fillOnSynchronize(dataSource: DataSource): void {
    planSynchronize(
        dataSource,
        () => plan(dataSource),
        (index, table) =>
            dialectOf(dataSource)?.schema.foreignKeysNeedIndex ? keysServedBy([index], table) : [],
    )
}

async function plan(dataSource: DataSource): Promise<Synchronization | undefined> {
    // Its columns are refused elsewhere.
    if (!dialectOf(dataSource)) return
    const begin = (runner: QueryRunner) =>
        dropFormerChecks(runner, new LiveSteps(runner), dataSource)
    return onMaster(dataSource, async (runner) => {
        const inventory = await takeInventory(runner, dataSource)
        const tables: ServedTable[] = []
        for (const table of inventory.tables)
            if (isIncomplete(table) && (await hasRows(runner, tableName(table.metadata))))
                tables.push(table)
        if (tables.length > 0)
            return { begin, ...(await planFor(runner, { ...inventory, tables })) }
        if (inventory.counter?.table) await refuseSwappedScopes(runner, dataSource)
        return inventory.dialect.schema.checks || hasJournal(dataSource)
            ? { alterations: [], begin, finish: (own) => addMissing(own, dataSource) }
            : undefined
    })
}

async function planFor(
    planning: QueryRunner,
    taken: Inventory,
): Promise<Omit<Synchronization, "begin">> {
    const { dataSource } = taken
    refuseUnsupportedSeries(dataSource)
    const { inventory, renamedColumns } = await keepRenamedColumns(taken)
    const { tables } = inventory
    const beforeFilled = tables.flatMap(beforeRowsAreFilled)
    const order = new RowOrder(dataSource)
    await refuseObstacles(planning, inventory, renamedColumns)
    await order.refuseUnknownRows(
        planning,
        inventory,
        " synchronize() can't be told: write a migration (typeorm-autosequence migration:generate).",
    )
    const found = await whileAltered(beforeFilled, () =>
        findRenamings(planning, dataSource, tables, { renamedColumns }),
    )
    refuseStrays(found)
    const missing = tables.flatMap(({ missingColumns }) => missingColumns)
    const blank = tables.flatMap((table) => table.blank.map(({ column }) => column))
    const added = missing.filter((one) => !renamedColumns.has(one) || blank.includes(one))
    return {
        alterations: [
            withDefaultLengths(dataSource),
            ...beforeFilled,
            ...retypedOf(inventory).flatMap(asStored),
        ],
        finish: async (runner) => {
            // TypeORM may have changed more than it was planned for.
            const left = await takeInventory(runner, dataSource, { added })
            await installIn(runner, left, { order, found })
        },
    }
}

/** Constraints, where TypeORM makes none, and what keeps the journal as it is. */
async function addMissing(runner: QueryRunner, dataSource: DataSource): Promise<void> {
    const steps = new LiveSteps(runner)
    const dialect = dialectOf(dataSource) as Dialect
    for (const metadata of dialect.schema.checks ? servedEntities(dataSource) : []) {
        if (!metadata.synchronize) continue
        const table = { metadata, dialect, checks: await findChecks(runner, dialect, metadata) }
        await addChecks(steps, undefined, table)
    }
    const all = hasJournal(dataSource) ? await readTriggers(runner, dataSource) : []
    const kept = all.filter(({ appendOnly }) => appendOnly.length > 0)
    await dropTriggers(steps, kept)
    await createTriggers(steps, kept)
}

function isIncomplete({ metadata, ...table }: ServedTable): boolean {
    const { missingColumns, loose, retyped, indexes, checks, stranded } = table
    const lacks = [missingColumns, loose, retyped, indexes, checks.missing, stranded]
    return metadata.synchronize && lacks.some(({ length }) => length > 0)
}
