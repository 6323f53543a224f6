import type { DataSource, EntityTarget, ObjectLiteral, QueryRunner } from "typeorm"
import { asMissingRight, inSnapshot, readable } from "../../audit/snapshot"
import { checkedOptions, FLAG, LIST, refuserOf } from "../../declared/options"
import { OWN_ENTITIES } from "../../declared/own-tables"
import type { IdSequence } from "../../dialects/statements/upkeep/id-statements"
import { NumberOverflowError } from "../../errors"
import { onMaster } from "../../typeorm/on-master"
import { givenDataSource, givenEntity } from "../../typeorm/given"
import { select } from "../../typeorm/statement"
import { type ColumnPlace, placeOfName, storedPlace } from "../references/column-place"
import { isInteger } from "../references/orphans"
import { refuseRestart } from "./refuse-restart"

/** Options of {@link resetIdSequence}. */
export interface ResetIdOptions {
    /**
     * Whether a sequence whose tables are empty restarts at its first value. It is refused while
     * foreign keys or weak references refer to an id that would be assigned again.
     *
     * Default: `false`. A sequence is only ever raised.
     */
    restart?: boolean

    /** Whether it only reports what would change. Default: `false`. */
    dryRun?: boolean

    /**
     * References to the column that no entity declares and that prevent a restart:
     * {@link OrphansOptions}.
     */
    weak?: readonly string[]

    /** Whether columns that look like references prevent a restart too. Default: `true`. */
    guess?: boolean
}

/** What happened to the sequence of an id. */
export interface IdSequenceReset {
    /** The database's name for it. */
    readonly sequence: string
    /** The columns that get their ids from it. */
    readonly columns: readonly string[]
    /** The highest id of these columns. NULL if there are no rows. */
    readonly highest: string | null
    /** The next id it would have assigned. */
    readonly before: string
    /** The next id it will assign. */
    readonly after: string
}

const FORMS = { restart: FLAG, dryRun: FLAG, weak: LIST, guess: FLAG }

/**
 * Raises the database's own id sequence to continue after the highest id, if it is behind: after
 * rows were inserted with their ids by an import or a restore. On PostgreSQL it handles the
 * sequences of identity columns, serials and defaults, in any schema and under any name, with all
 * columns that get ids from them; on MySQL and MariaDB AUTO_INCREMENT; on SQLite AUTOINCREMENT.
 * Nobody can insert while it runs.
 *
 * It never goes below the highest id. Gaps in ids are not an error: don't fill them. `restart` lets
 * an empty table start again, but only if nothing refers to an id that would be assigned again.
 * Otherwise an old link, tag or permission would silently refer to a new row. Accept gaps; archive
 * rows (`@DeleteDateColumn`) instead of deleting them; give people a public key, not the id.
 *
 * The column is the primary key of an entity, or given as `Entity.property` or `table.column`.
 * Resolves to the state of each of its sequences before and after; to an empty list if the column
 * has none.
 *
 * Errors: {@link IdsInUseError}, {@link InvalidOptionError}, {@link NotInstalledError} before
 * `initialize()`, {@link NumberOverflowError} if a sequence ends before the highest id;
 * {@link MissingRightError}.
 *
 * ```ts
 * import { DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
 * import { resetIdSequence } from "typeorm-autosequence"
 *
 * @Entity()
 * class Article {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 * }
 *
 * declare const dataSource: DataSource
 *
 * await resetIdSequence(dataSource, Article) // [{ sequence: "public.article_id_seq", before: "1", after: "101", … }]
 * ```
 */
export async function resetIdSequence(
    dataSource: DataSource,
    column: EntityTarget<ObjectLiteral> | string,
    options: ResetIdOptions = {},
): Promise<IdSequenceReset[]> {
    const refuse = refuserOf("resetIdSequence")
    const {
        restart = false,
        dryRun = false,
        weak = [],
        guess = true,
    } = checkedOptions("resetIdSequence", options, FORMS)
    const given = givenDataSource("resetIdSequence", dataSource)
    const dialect = readable(given)
    const isName = typeof column === "string" && !given.hasMetadata(column)
    const name = isName ? column : givenEntity("resetIdSequence", given, column).name
    const place = placeOfName(given, name, refuse)
    try {
        return await onMaster(given, async (runner) => {
            const stored = await storedPlace({ runner, dialect }, place, refuse)
            if (!isInteger(stored.type)) return []
            const sequences = await dialect.ids.sequencesOf(runner, place.table, place.column)
            if (restart && sequences.length > 0)
                await inSnapshot(given, (snapshot) =>
                    refuseRestart(snapshot, place, sequences, { weak, guess, refuse }),
                )
            const resets: IdSequenceReset[] = []
            for (const { name: sequence, columns } of sequences) {
                const work = async () => {
                    // Whoever has inserted meanwhile has moved it.
                    const all = await dialect.ids.sequencesOf(runner, place.table, place.column)
                    const now = all.find((one) => one.name === sequence)
                    return now && reset(given, runner, place, now, { restart, dryRun })
                }
                const tables = [...new Set(columns.map(({ table }) => table))]
                const done = dryRun ? await work() : await dialect.ids.locked(runner, tables, work)
                if (done) resets.push(done)
            }
            return resets
        })
    } catch (error) {
        throw asMissingRight(dialect, error)
    }
}

async function reset(
    dataSource: DataSource,
    runner: QueryRunner,
    { label }: ColumnPlace,
    sequence: IdSequence,
    { restart, dryRun }: { readonly restart: boolean; readonly dryRun: boolean },
): Promise<IdSequenceReset> {
    const { ids, audit } = readable(dataSource)
    const isDown = sequence.step < 0n
    let highest: bigint | undefined
    for (const { table, column } of sequence.columns) {
        const [row] = await select<{ id: string | null }>(runner, {
            sql: `SELECT ${audit.integer(`${isDown ? "MIN" : "MAX"}(${column})`)} AS id FROM ${table}`,
        })
        const own = row?.id == null ? undefined : BigInt(row.id)
        const isFurther =
            own !== undefined && (highest === undefined || (isDown ? own < highest : own > highest))
        if (isFurther) highest = own
    }
    const { next, start, step, end, name } = sequence
    const isBehind = highest !== undefined && (isDown ? next >= highest : next <= highest)
    const after =
        isBehind && highest !== undefined
            ? highest + step
            : restart && highest === undefined
              ? start
              : next
    if (isBehind && (isDown ? after < end : after > end))
        throw new NumberOverflowError(
            `${name} ends at ${end}, but the highest id of ${label} is ${String(highest)}. Change the sequence, or the type of the column.`,
        )
    if (after !== next && !dryRun) {
        const { sql, parameters } = ids.setNext(sequence, after)
        await runner.query(sql, parameters)
    }
    return {
        sequence: name,
        columns: sequence.columns.map(({ table, column }) => `${table}.${column}`),
        highest: highest === undefined ? null : String(highest),
        before: String(next),
        after: String(after),
    }
}

/** @internal The application's own entities whose ids the database generates. */
export function entitiesWithIds(dataSource: DataSource): string[] {
    return dataSource.entityMetadatas.flatMap(
        ({ name, tableType, primaryColumns: [key, ...more] }) => {
            const isOwn = tableType === "regular" && !OWN_ENTITIES.includes(name)
            const isMade = key?.isGenerated && key.generationStrategy === "increment"
            return isOwn && isMade && more.length === 0 ? [name] : []
        },
    )
}
