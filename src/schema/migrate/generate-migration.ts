import type { DataSource } from "typeorm"
import { ANYTHING, FLAG, TEXT, checkedOptions, oneOf } from "../../declared/options"
import { dialectOf } from "../../dialects"
import { UnsupportedError } from "../../errors"
import { onMaster } from "../../typeorm/on-master"
import { whileAltered } from "../../typeorm/metadata/altered-metadata"
import {
    addColumns,
    beforeRowsAreFilled,
    loosen,
    tableAsDeclared,
    tighten,
} from "../plan/column-steps"
import { addChecks, dropFormerChecks, findChecks } from "../plan/checks"
import { addCounting, setCounterSettings } from "../plan/counter-steps"
import { findRenamedColumns } from "../names/renamed-columns"
import { carryNames } from "../names/renaming-steps"
import { findRenamings, refuseStrays, type Renames, RENAMES, rewrittenBy } from "../names/renamings"
import { refuseDuplicates } from "../plan/indexes/duplicate-rows"
import {
    type Inventory,
    refuseUnsupportedSeries,
    retypedOf,
    rewrittenIn,
    takeInventory,
} from "../plan/inventory"
import { remainingFor } from "../plan/key-filling"
import { refuseUntold } from "../plan/texts/fill-texts"
import { refuseUnfillable, refuseUnknownZones } from "../plan/periods/period-steps"
import { asStored, holdersOf, refuseDrops, refuseLosses, retype } from "../plan/retyped-columns"
import { type NumberingOrder, RowOrder, NUMBERING_ORDER } from "../plan/row-order"
import { fillKeys, numberExistingRows } from "../plan/row-steps"
import type { MigrationStatement, MigrationStep } from "../plan/steps"
import { dropFunctions, dropTriggers, UNUSED } from "../plan/triggers/trigger-steps"
import { readLeftOver, readTriggers } from "../plan/triggers/triggers"
import { type MigrationFormat, migrationName, migrationSource, FORMATS } from "./migration-source"
import { RecordedSteps } from "./recorded-steps"

/** What {@link generateMigration} takes. */
export interface GenerateMigrationOptions {
    /**
     * The name of the migration, to which the timestamp is added.
     *
     * Default is `"AutoSequence"`.
     */
    name?: string

    /**
     * The time by which TypeORM orders migrations, in milliseconds since 1970.
     *
     * Default is now.
     */
    timestamp?: number

    /**
     * In which order rows that have no number are to be numbered: the name of an entity, and the
     * properties, the first one first. Rows that are equal in them are ordered by primary key.
     *
     * Default is the primary key where it is an integer that ascends, else the `@CreateDateColumn`; where
     * there is neither, it has to be given.
     */
    orderBy?: NumberingOrder

    /**
     * What has become of columns that have other names now, or whose tables have: the counters and keys of the
     * former name go on under the new one. Needed only where the migration is refused without it, and
     * where the option `series` has changed.
     *
     * Default is none.
     *
     * Errors: {@link InvalidOptionError} where nothing is kept under a former name, or a new one is no
     * column's.
     *
     * ```ts
     * import { DataSource } from "typeorm"
     * import { generateMigration, withAutoSequence } from "typeorm-autosequence"
     *
     * const dataSource = new DataSource(withAutoSequence({ type: "postgres", entities: [] }))
     * await dataSource.initialize()
     * await generateMigration(dataSource, { rename: { "invoice.number": "bill.number" } })
     * ```
     */
    rename?: Renames

    /**
     * Whether rows that have 0 as their number are numbered as well, as if they had none.
     *
     * Default is `false`.
     */
    renumber?: boolean

    /**
     * The language of the source text.
     *
     * Default is `"typescript"`.
     */
    format?: MigrationFormat
}

const FORMS = {
    name: TEXT,
    timestamp: ANYTHING,
    orderBy: NUMBERING_ORDER,
    rename: RENAMES,
    renumber: FLAG,
    format: oneOf(...FORMATS),
}

/** A migration that {@link generateMigration} has written. */
export interface GeneratedMigration {
    /** The name of its class. */
    readonly name: string
    /** The steps, in the order in which they run: statements, and calls of `backfillPseudoKeys`. */
    readonly up: readonly MigrationStep[]
    /** The statements of the way back, in the order in which they run. */
    readonly down: readonly MigrationStatement[]
    /** The text of a file with its class. */
    readonly source: string
    /** What is left to be done when it has run, before the next one is generated. */
    readonly remaining: readonly string[]
}

/**
 * Compares a database with the entities of a data source, and writes the TypeORM migration that
 * makes up the difference, in plain SQL. Resolves to undefined where there is none.
 *
 * It holds all that TypeORM's own `migration:generate` would write. Where a table with rows gets a
 * numbered column, or one that could be NULL, the rows that have no number are numbered: in each
 * scope from the highest number that is there, by primary key or as `orderBy` says. Then the column
 * becomes NOT NULL and gets its unique indexes. A column that is there with another type is changed in
 * place. One with `{ nullable: true }` is filled when it is added, and left alone afterwards. Counters are made, and raised, from the rows that exist; none is ever lowered.
 *
 * Nothing is written to the database. Run the migration while no other program inserts into these
 * tables: rows that it adds behind the migration's back may lack a number.
 *
 * Counters and keys go along where TypeORM renames a column, and where only the settings of the connection
 * have changed. Where a table or a column seems to be renamed, `rename` has to say so.
 *
 * Errors: {@link InvalidOptionError}, {@link UnsupportedError}, {@link NotInstalledError} where the
 * data source is not initialized or lacks the counter table's entity,
 * {@link DuplicateRowsError} where rows stand in the way of a unique index, {@link ColumnChangeError}
 * where a column of numbers, keys or a scope could not keep what is in it, and
 * {@link UnknownOrderError} where nothing tells the order of rows that are to be numbered.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { generateMigration, withAutoSequence } from "typeorm-autosequence"
 *
 * const dataSource = new DataSource(withAutoSequence({ type: "postgres", entities: [] }))
 * await dataSource.initialize()
 * const migration = await generateMigration(dataSource, {
 *     name: "NumberInvoices",
 *     orderBy: { Invoice: "issuedAt" },
 * })
 * console.log(migration?.source ?? "The database is up to date.")
 * ```
 */
export async function generateMigration(
    dataSource: DataSource,
    options: GenerateMigrationOptions = {},
): Promise<GeneratedMigration | undefined> {
    const { orderBy, rename, renumber, format, ...named } = checkedOptions(
        "generateMigration",
        options,
        FORMS,
    )
    const name = migrationName(named.name ?? "AutoSequence", named.timestamp ?? Date.now())
    refuseUnsupportedSeries(dataSource)
    const order = new RowOrder(dataSource, orderBy)
    const inventory = await onMaster(dataSource, async (runner) => {
        const mistake = await dialectOf(dataSource)?.schema.findMistake?.(runner)
        if (mistake) throw new UnsupportedError(mistake)
        const found = await takeInventory(runner, dataSource, { renumber })
        await refuseLosses(runner, retypedOf(found))
        await refuseUnknownZones(runner, found)
        for (const table of found.tables) {
            await refuseUnfillable(runner, table)
            await refuseUntold(runner, table)
        }
        await refuseDuplicates(runner, found)
        // Also where no row is there: it will run where some are.
        for (const table of found.tables) order.refuseUnknown(table)
        return found
    })
    const retyped = retypedOf(inventory)
    const { declared, renamedColumns, ofTypeORM } = await whileAltered(
        inventory.tables.flatMap(beforeRowsAreFilled),
        async () => ({
            declared: new Map(inventory.tables.map((t) => [t, tableAsDeclared(t)])),
            renamedColumns: findRenamedColumns(inventory.tables),
            // It takes a connection of its own, and there may be only one.
            ofTypeORM: await whileAltered(retyped.flatMap(asStored), () =>
                dataSource.driver.createSchemaBuilder().log(),
            ),
        }),
    )
    const ofTables = ofTypeORM.upQueries.map(({ query }) => query)
    for (const { metadata } of inventory.tables)
        refuseDrops(metadata, holdersOf(metadata), ofTables)
    const { up, down } = await onMaster(dataSource, async (runner) => {
        const steps = new RecordedSteps(runner)
        const found = await findRenamings(runner, dataSource, rename, renamedColumns)
        refuseStrays(found)
        const triggers = await readTriggers(runner, dataSource, [
            ...rewrittenIn(inventory),
            ...rewrittenBy(found),
        ])
        await dropTriggers(steps, triggers)
        await dropFunctions(steps, await readLeftOver(runner, dataSource), UNUSED)
        for (const table of inventory.tables) await dropFormerChecks(steps, table)
        steps.add(ofTypeORM)
        for (const table of inventory.tables)
            if (!table.metadata.synchronize) {
                await addColumns(steps, table)
                await loosen(steps, table)
            }
        await carryNames(steps, found)
        await retype(steps, retyped)
        await numberExistingRows(steps, inventory, order)
        await fillKeys(steps, inventory)
        for (const table of inventory.tables) {
            const after = table.metadata.synchronize ? declared.get(table) : undefined
            await tighten(steps, after ?? table.table, table)
        }
        const { dialect } = inventory
        for (const metadata of inventory.withoutTable) {
            const checks = await findChecks(runner, dialect, metadata, undefined)
            if (dialect.schema.checks)
                await addChecks(steps, undefined, { metadata, dialect, checks })
        }
        await setCounterSettings(runner, steps, inventory)
        await addCounting(runner, steps, inventory, { triggers, ...found })
        return steps
    })
    if (up.length === 0) return undefined
    const remaining = remainingOf(inventory)
    const source = migrationSource({ name, up, down, remaining }, format ?? "typescript")
    return { name, up, down, source, remaining }
}

function remainingOf({ tables }: Inventory): string[] {
    return tables.flatMap(({ keys }) => keys.left.flatMap(remainingFor))
}

/** @internal What no migration can do, but has to be done before the next one. */
export function remainingWork(dataSource: DataSource): Promise<string[]> {
    return onMaster(dataSource, async (runner) =>
        remainingOf(await takeInventory(runner, dataSource)),
    )
}
