import { type DataSource, type QueryRunner, Table } from "typeorm"
import { dialectOf } from "../../dialects"
import { NotInstalledError } from "../../errors"
import { carryNames } from "../names/renaming-steps"
import {
    findRenamings,
    type FoundRenamings,
    refuseStrays,
    type Renames,
    RENAMES,
    rewrittenBy,
} from "../names/renamings"
import type { RenamedColumns } from "../names/stored-names"
import { refuseSwappedScopes } from "../names/swapped-scopes"
import { addColumns, dropFormerIndexes, loosen, tighten } from "../plan/column-steps"
import { dropFormerChecks } from "../plan/checks"
import { addCounting, setCounterSettings } from "../plan/counter-steps"
import { refuseDuplicates } from "../plan/indexes/duplicate-rows"
import {
    type Inventory,
    refuseUnsupportedSeries,
    retypedOf,
    takeInventory,
} from "../plan/inventory"
import { ownersOf } from "../plan/key-filling"
import { refuseUntold } from "../plan/texts/fill-texts"
import { refuseUnfillable, refuseUnknownZones } from "../plan/periods/period-steps"
import { type NumberingOrder, RowOrder, NUMBERING_ORDER } from "../plan/row-order"
import { refuseLosses, retype } from "../plan/retyped-columns"
import { fillKeys, numberExistingRows } from "../plan/row-steps"
import { dropFunctions, dropTriggers, UNUSED } from "../plan/triggers/trigger-steps"
import { rewrittenIn } from "../plan/triggers/rewritten"
import { readLeftOver, readTriggers } from "../plan/triggers/triggers"
import { underInstallLock } from "./install-lock"
import { LiveSteps } from "./live-steps"
import { checkedOptions } from "../../declared/options"

/** Options of {@link installAutoSequence}. */
export interface InstallOptions {
    /**
     * The order in which rows without a number are numbered: the name of an entity, and its
     * properties, the most significant first. Rows that are equal in them are ordered by primary
     * key.
     *
     * Default: the primary key if it is an ascending integer, otherwise the `@CreateDateColumn`. If
     * there is neither, and there are rows, you must give it.
     */
    orderBy?: NumberingOrder

    /**
     * The columns that have other names now, as for {@link generateMigration}.
     *
     * Default: none.
     */
    rename?: Renames
}

const FORMS = { orderBy: NUMBERING_ORDER, rename: RENAMES }

/**
 * Creates whatever is missing for numbers and pseudo keys: the counter table, the key history,
 * number and key columns (existing rows are filled), unique indexes, triggers, and counters that
 * continue after existing rows. It removes triggers of this library that no column needs any more,
 * and unique indexes of former scopes of numbers. It changes nothing else, and does nothing if
 * nothing is missing. Use it for development, demos and tests. In production use a migration, which
 * `typeorm-autosequence migration:generate` writes.
 *
 * Several processes may call it at the same time; they run one after the other. It runs in a
 * transaction, except on MySQL and MariaDB, where schema changes can't be rolled back; call it
 * again there if it was interrupted.
 *
 * Errors: {@link NotInstalledError} if an entity has no table yet, or no column for its scope,
 * {@link DuplicateRowsError} if rows prevent a unique index, {@link ColumnChangeError} if a column
 * would lose data, {@link UnknownOrderError}, {@link InvalidOptionError} and
 * {@link UnsupportedError}, all before anything is written.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { installAutoSequence, withAutoSequence } from "typeorm-autosequence"
 *
 * const dataSource = new DataSource(withAutoSequence({ type: "postgres", entities: [] }))
 * await dataSource.initialize()
 * await installAutoSequence(dataSource)
 * ```
 */
export async function installAutoSequence(
    dataSource: DataSource,
    options: InstallOptions = {},
): Promise<void> {
    const { orderBy, rename } = checkedOptions("installAutoSequence", options, FORMS)
    refuseUnsupportedSeries(dataSource)
    const dialect = dialectOf(dataSource)
    // No numbered column then, or it would have been refused.
    if (!dialect) return
    const order = new RowOrder(dataSource, orderBy)
    await underInstallLock(dataSource, dialect.schema.installLock, async (runner) => {
        const inventory = await takeInventory(runner, dataSource)
        refuseIncomplete(inventory)
        await refuseObstacles(runner, inventory)
        await order.refuseUnknownRows(runner, inventory)
        const found = await findRenamings(runner, dataSource, inventory.tables, { rename })
        refuseStrays(found)
        await installIn(runner, inventory, { order, found })
    })
}

/**
 * Refuses what the rows stand in the way of, before anything is written.
 * @internal
 */
export async function refuseObstacles(
    runner: QueryRunner,
    inventory: Inventory,
    renamedColumns?: RenamedColumns,
): Promise<void> {
    await refuseLosses(runner, retypedOf(inventory))
    await refuseUnknownZones(runner, inventory)
    for (const table of inventory.tables) {
        await refuseUnfillable(runner, table)
        await refuseUntold(runner, table, inventory.renumber)
    }
    await refuseDuplicates(runner, inventory, renamedColumns)
    if (inventory.counter?.table)
        await refuseSwappedScopes(runner, inventory.dataSource, renamedColumns)
}

/** @internal Makes what an inventory lacks. */
export async function installIn(
    runner: QueryRunner,
    inventory: Inventory,
    { order, found }: { order: RowOrder; found: FoundRenamings },
): Promise<void> {
    const { dataSource, tables } = inventory
    const retyped = retypedOf(inventory)
    const triggers = await readTriggers(runner, dataSource, [
        ...rewrittenIn(inventory),
        ...rewrittenBy(found),
    ])
    const steps = new LiveSteps(runner)
    await createOwnTables(runner, inventory)
    await dropFormerChecks(runner, steps, dataSource)
    await dropTriggers(steps, triggers)
    await dropFunctions(steps, await readLeftOver(runner, dataSource), UNUSED)
    for (const table of tables) {
        await addColumns(steps, table)
        await loosen(steps, table)
    }
    await carryNames(steps, found)
    await retype(steps, retyped)
    await numberExistingRows(steps, inventory, order)
    await fillKeys(steps, inventory)
    for (const key of tables.flatMap(({ keys }) => keys.left.flatMap(ownersOf)))
        await steps.backfill(key)
    for (const table of tables) {
        await tighten(steps, table.table, table)
        await dropFormerIndexes(steps, table)
    }
    await setCounterSettings(runner, steps, inventory)
    await addCounting(runner, steps, inventory, { triggers, ...found })
}

async function createOwnTables(
    runner: QueryRunner,
    { dataSource: { driver }, counter, history, journal, settings }: Inventory,
): Promise<void> {
    for (const own of [counter, history, journal, settings])
        if (own && !own.table) await runner.createTable(Table.create(own.metadata, driver))
}

/** Tables and the columns of their scopes belong to the application. */
function refuseIncomplete({ tables, withoutTable }: Inventory): void {
    const missing = [
        ...withoutTable.map(({ tablePath }) => `no table ${tablePath}`),
        ...tables.flatMap(({ metadata: { tablePath }, table, withoutScope, missingColumns }) =>
            withoutScope
                .flatMap(({ scopeColumns }) => scopeColumns)
                .filter((column) => !missingColumns.includes(column))
                .filter(({ databaseName }) => !table.findColumnByName(databaseName))
                .map(({ databaseName }) => `no column ${tablePath}.${databaseName}`),
        ),
    ]
    if (missing.length > 0)
        throw new NotInstalledError(
            `There is ${[...new Set(missing)].join(", ")}. Create that first: run a migration ` +
                "(typeorm-autosequence migration:generate writes one with everything that numbers and keys need), or " +
                "call dataSource.synchronize().",
        )
}
