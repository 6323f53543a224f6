import type { DataSource } from "typeorm"
import { ANYTHING, FLAG, TEXT, checkedOptions, oneOf } from "../../declared/options"
import { dialectOf } from "../../dialects"
import { UnsupportedError } from "../../errors"
import { onMaster } from "../../typeorm/on-master"
import { whileAltered, withDefaultLengths } from "../../typeorm/metadata/altered-metadata"
import {
    addColumns,
    beforeRowsAreFilled,
    loosen,
    tableAsDeclared,
    tighten,
} from "../plan/column-steps"
import { addChecks, dropFormerChecks, findChecks } from "../plan/checks"
import { addCounting, setCounterSettings } from "../plan/counter-steps"
import { keepRenamedColumns, renamedBy } from "../names/renamed-columns"
import { carryNames } from "../names/renaming-steps"
import { findRenamings, refuseStrays, type Renames, RENAMES, rewrittenBy } from "../names/renamings"
import { refuseObstacles } from "../install/install"
import { fillOnSynchronize } from "../install/synchronize"
import {
    type Inventory,
    refuseUnsupportedSeries,
    retypedOf,
    takeInventory,
} from "../plan/inventory"
import { remainingFor } from "../plan/key-filling"
import { findRenamedSequences, renameSequences, withItsDefault } from "../plan/renamed-sequences"
import { asStored, holdersOf, refuseDrops, retype } from "../plan/retyped-columns"
import { type NumberingOrder, RowOrder, NUMBERING_ORDER } from "../plan/row-order"
import { fillKeys, numberExistingRows } from "../plan/row-steps"
import type { MigrationStatement, MigrationStep } from "../plan/steps"
import { dropFunctions, dropTriggers, UNUSED } from "../plan/triggers/trigger-steps"
import { rewrittenIn } from "../plan/triggers/rewritten"
import { readLeftOver, readTriggers } from "../plan/triggers/triggers"
import { type MigrationFormat, migrationName, migrationSource, FORMATS } from "./migration-source"
import { RecordedSteps } from "./recorded-steps"

/** Options of {@link generateMigration}. */
export interface GenerateMigrationOptions {
    /**
     * The name of the migration. The timestamp is appended to it.
     *
     * Default: `"AutoSequence"`.
     */
    name?: string

    /**
     * The time by which TypeORM orders migrations, in milliseconds since 1970.
     *
     * Default: now.
     */
    timestamp?: number

    /**
     * The order in which rows without a number are numbered: the name of an entity, and its
     * properties, the most significant first. Rows that are equal in them are ordered by primary
     * key.
     *
     * Default: the primary key if it is an ascending integer, otherwise the `@CreateDateColumn`. If
     * there is neither, you must give it.
     */
    orderBy?: NumberingOrder

    /**
     * The columns that have other names now, or whose tables have: the counters and keys of the
     * former name continue under the new one. You need it only if the migration is refused without
     * it, or if the option `series` has changed.
     *
     * Default: none.
     *
     * Errors: {@link InvalidOptionError} if nothing is stored under a former name, or a new name
     * belongs to no column.
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
     * Whether rows whose number is 0 are numbered too, as if they had none.
     *
     * Default: `false`.
     */
    renumber?: boolean

    /**
     * The language of the source code.
     *
     * Default: `"typescript"`.
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

/** A migration written by {@link generateMigration}. */
export interface GeneratedMigration {
    /** The name of its class. */
    readonly name: string
    /** The steps in the order in which they run: statements, and calls of `backfillPseudoKeys`. */
    readonly up: readonly MigrationStep[]
    /** The statements that revert it, in the order in which they run. */
    readonly down: readonly MigrationStatement[]
    /** The source code of a file with its class. */
    readonly source: string
    /** What remains to be done after it has run, before the next migration is generated. */
    readonly remaining: readonly string[]
}

/**
 * Compares a database with the entities of a data source, and writes the TypeORM migration for the
 * difference, in plain SQL. Resolves to undefined if there is none.
 *
 * It includes everything that TypeORM's own `migration:generate` would write. If a table with rows
 * gets a numbered column, or has one that was nullable, the rows without a number are numbered: in
 * each scope from the highest existing number, by primary key or in the order of `orderBy`. Then
 * the column becomes NOT NULL and gets its unique indexes. An existing column of another type is
 * changed in place. A column with `{ nullable: true }` is filled when it is added, and not changed
 * afterwards. Counters are created and raised from existing rows; none is ever lowered.
 *
 * Nothing is written to the database. Run the migration while no other program inserts into these
 * tables: rows inserted while it runs may lack a number.
 *
 * Counters and keys are kept if TypeORM renames a column, or if only the settings of the connection
 * have changed. If a table or column seems to have been renamed, `rename` must say so.
 *
 * Errors: {@link InvalidOptionError}, {@link UnsupportedError}, {@link NotInstalledError} if the
 * data source isn't initialized or lacks the entity of the counter table,
 * {@link DuplicateRowsError} if rows prevent a unique index, {@link ColumnChangeError} if a column
 * of numbers, keys or a scope would lose data, and {@link UnknownOrderError} if the order of rows
 * to be numbered can't be determined.
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
    // Also where no number is left.
    fillOnSynchronize(dataSource)
    const order = new RowOrder(dataSource, orderBy)
    const { inventory, renamedColumns, sequences } = await onMaster(dataSource, async (runner) => {
        const mistake = await dialectOf(dataSource)?.schema.findMistake?.(runner)
        if (mistake) throw new UnsupportedError(mistake)
        const taken = await takeInventory(runner, dataSource, { renumber })
        const kept = await keepRenamedColumns(taken)
        const found = kept.inventory
        await refuseObstacles(runner, found, kept.renamedColumns)
        // Also where no row is there: it will run where some are.
        for (const table of found.tables) order.refuseUnknown(table)
        return {
            ...kept,
            sequences: await findRenamedSequences(runner, found),
        }
    })
    const retyped = retypedOf(inventory)
    const { declared, ofTypeORM } = await whileAltered(
        inventory.tables.flatMap(beforeRowsAreFilled),
        async () => ({
            declared: new Map(inventory.tables.map((t) => [t, tableAsDeclared(t)])),
            // It takes a connection of its own, and there may be only one.
            ofTypeORM: await whileAltered(
                [
                    withDefaultLengths(dataSource),
                    ...retyped.flatMap(asStored),
                    ...sequences.flatMap(withItsDefault),
                ],
                () => dataSource.driver.createSchemaBuilder().log(),
            ),
        }),
    )
    const ofTables = ofTypeORM.upQueries.map(({ query }) => query)
    for (const { metadata } of inventory.tables)
        refuseDrops(metadata, holdersOf(metadata), ofTables)
    const { up, down } = await onMaster(dataSource, async (runner) => {
        const schemas = new Set(dataSource.entityMetadatas.map(({ schema }) => schema))
        const { withoutSchema = (sql: string) => sql } = inventory.dialect.schema
        const steps = new RecordedSteps(runner, (sql) => withoutSchema(sql, schemas))
        const found = await findRenamings(runner, dataSource, inventory.tables, {
            rename,
            renamedColumns,
        })
        refuseStrays(found)
        const triggers = await readTriggers(runner, dataSource, [
            ...rewrittenIn(inventory),
            ...rewrittenBy(found),
        ])
        await dropTriggers(steps, triggers)
        await dropFunctions(steps, await readLeftOver(runner, dataSource), UNUSED)
        await dropFormerChecks(runner, steps, dataSource)
        await renameSequences(steps, inventory, sequences)
        steps.add(ofTypeORM, (sql) => renamedBy(sql, renamedColumns))
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
            const checks = await findChecks(runner, dialect, metadata)
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
