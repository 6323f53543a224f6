import type { DataSource } from "typeorm"
import { between } from "../../audit/scopes/ranges"
import { inSnapshot, type Snapshot } from "../../audit/snapshot"
import type { AuditNumber, WeakReferenceAudit } from "../../audit/types"
import { checkedOptions, FLAG, integerFrom, LIST, refuserOf, SIGNAL } from "../../declared/options"
import { givenDataSource } from "../../typeorm/given"
import { placeOfName, type StoredPlace, storedPlace } from "../references/column-place"
import { auditReferences, referencesOf } from "../references/find-orphans"
import { isInteger } from "../references/orphans"

/** Options of {@link findGaps}. */
export interface GapsOptions {
    /**
     * The columns within whose values numbering restarts, by their names in the database.
     *
     * Default: none. The column is one run of numbers.
     */
    by?: readonly string[]

    /** References to this column that no entity declares: {@link OrphansOptions}. */
    weak?: readonly string[]

    /** Whether columns that look like references are checked. Default: `true`. */
    guess?: boolean

    /** How many ranges are listed for each group, and how many groups. Default: `1000`. */
    maxRanges?: number

    /** Aborting it ends the search before the next statement. */
    signal?: AbortSignal
}

/** Numbers that no row has, between two that rows have. */
export interface GapRange {
    readonly from: AuditNumber
    readonly to: AuditNumber
    readonly count: AuditNumber
}

/** The numbers of the rows that have the same values in the columns of `by`. */
export interface GapGroup {
    readonly by: Readonly<Record<string, string | null>>
    readonly rows: number
    readonly first: AuditNumber
    readonly last: AuditNumber
    readonly missing: AuditNumber
    readonly ranges: readonly GapRange[]
    readonly moreRanges: number
    /** How many rows repeat a number of another row. One row of each number isn't counted. */
    readonly duplicates: number
}

/** The result of {@link findGaps}. */
export interface GapReport {
    /** The version of this format. */
    readonly format: 1
    readonly at: string
    readonly column: string
    readonly rows: number
    readonly missing: AuditNumber
    readonly groups: readonly GapGroup[]
    /** How many more groups there are. */
    readonly moreGroups: number
    /** References to this column without a foreign key. */
    readonly references: readonly WeakReferenceAudit[]
}

const FORMS = { by: LIST, weak: LIST, guess: FLAG, maxRanges: integerFrom(1), signal: SIGNAL }

/**
 * Finds the missing numbers in an integer column of any table, whether or not this library numbers
 * it, and the rows whose weak reference points to a missing row.
 *
 * Give the column as `Entity.property`, as `Entity` for its primary key, or as `table.column`, with
 * the schema if it isn't the schema of the data source. Quoted names are used as they are.
 *
 * Gaps in ids are not an error and must not be filled. A rolled-back INSERT uses up its id, and a
 * deleted row leaves one behind, to which old links, logs, tags and permissions may still refer.
 * For numbers that must have no gaps, use {@link auditSeries}.
 *
 * Errors: {@link NotInstalledError} before `initialize()`, {@link InvalidOptionError} if there is
 * no such column or it isn't an integer column; {@link MissingRightError}.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { findGaps } from "typeorm-autosequence"
 *
 * declare const dataSource: DataSource
 *
 * const { missing, groups } = await findGaps(dataSource, "article.id")
 * console.log(missing, groups[0]?.ranges) // "3" [{ from: "4", to: "6", count: "3" }]
 * ```
 */
export async function findGaps(
    dataSource: DataSource,
    column: string,
    options: GapsOptions = {},
): Promise<GapReport> {
    const refuse = refuserOf("findGaps")
    const {
        by = [],
        weak = [],
        guess = true,
        maxRanges = 1000,
        signal,
    } = checkedOptions("findGaps", options, FORMS)
    const given = givenDataSource("findGaps", dataSource)
    return inSnapshot(
        given,
        async (snapshot) => {
            const place = await storedPlace(snapshot, placeOfName(given, column, refuse), refuse)
            if (!isInteger(place.type))
                refuse(`${place.label} is of type ${place.type}. Name an integer column.`)
            const groups = by.flatMap((name) => {
                // A relation is its columns.
                const properties = place.metadata?.findColumnsWithPropertyPath(name) ?? []
                const own = properties.map(({ databaseName }) => databaseName)
                if (own.length > 0) return own
                if (!place.columns.has(name))
                    refuse(
                        `${place.table.table} has no column "${name}". It has ${[...place.columns.keys()].join(", ")}.`,
                    )
                return [name]
            })
            const found = await findGroups(snapshot, place, groups, maxRanges)
            const references = await referencesOf(snapshot, { weak, guess, refuse, to: place })
            return {
                format: 1,
                at: snapshot.at,
                column: place.label,
                rows: found.rows,
                missing: String(found.missing),
                groups: found.groups,
                moreGroups: found.more,
                references: await auditReferences(snapshot, references),
            }
        },
        signal,
    )
}

type Row = Record<string, string | null>

async function findGroups(
    { dataSource, dialect, runner, signal }: Snapshot,
    { table, column }: StoredPlace,
    by: readonly string[],
    limit: number,
): Promise<{ groups: GapGroup[]; rows: number; missing: bigint; more: number }> {
    const { integer, each } = dialect.audit
    const escape = (name: string) => dataSource.driver.escape(name)
    const number = `t.${escape(column)}`
    const names = by.map((name) => `t.${escape(name)}`)
    const values = by.map((_, at) => `g${at}`)
    const grouped = names.length > 0 ? ` GROUP BY ${names.join(", ")}` : ""
    const shown = (alias: string) =>
        by.map(
            (name, at) =>
                `${dialect.expressions.text(`${alias}.${escape(name)}`)} AS ${values[at] ?? ""}`,
        )

    const groups = new Map<string, Building>()
    let [rows, missing, more] = [0, 0n, 0]
    const keyOf = (row: Row) => JSON.stringify(values.map((name) => row[name] ?? null))
    const counts = `SELECT ${[...names, `COUNT(${number}) AS n`, `MIN(${number}) AS lo`, `MAX(${number}) AS hi`].join(", ")} FROM ${table.name} t WHERE ${number} IS NOT NULL${grouped}`
    await each<Row>(
        runner,
        {
            sql: `SELECT ${[...shown("c"), `${integer("c.n")} AS a`, `${integer("c.lo")} AS b`, `${integer("c.hi")} AS d`].join(", ")} FROM (${counts}) c`,
        },
        (row) => {
            const count = Number(row.a)
            if (count === 0) return
            rows += count
            if (groups.size < limit)
                groups.set(keyOf(row), {
                    by: Object.fromEntries(
                        by.map((name, at) => [name, row[values[at] ?? ""] ?? null]),
                    ),
                    rows: count,
                    first: row.b ?? "",
                    last: row.d ?? "",
                    missing: 0n,
                    ranges: [],
                    moreRanges: 0,
                    duplicates: 0,
                })
            else more += 1
        },
    )
    signal?.throwIfAborted()
    const partition = names.length > 0 ? `PARTITION BY ${names.join(", ")} ` : ""
    const windows = `SELECT ${[...names, `${number} AS lo`, `LEAD(${number}) OVER (${partition}ORDER BY ${number}) AS hi`].join(", ")} FROM ${table.name} t WHERE ${number} IS NOT NULL`
    await each<Row>(
        runner,
        // The next row of a number that is there twice is the same number.
        {
            sql: `SELECT ${[...shown("w"), `${integer("w.lo")} AS a`, `${integer("w.hi")} AS b`].join(", ")} FROM (${windows}) w WHERE w.hi - w.lo <> 1 ORDER BY w.lo`,
        },
        (row) => {
            const group = groups.get(keyOf(row))
            const [low, high] = [BigInt(row.a ?? 0), BigInt(row.b ?? 0)]
            if (low === high) {
                if (group) group.duplicates += 1
                return
            }
            const [range] = between(low, high, { startAt: low, incrementBy: 1n })
            if (!range) return
            const count = range.to - range.from + 1n
            missing += count
            if (!group) return
            group.missing += count
            if (group.ranges.length < limit)
                group.ranges.push({
                    from: String(range.from),
                    to: String(range.to),
                    count: String(count),
                })
            else group.moreRanges += 1
        },
    )
    const built = [...groups.values()].map((group) => ({
        ...group,
        missing: String(group.missing),
    }))
    return { groups: built, rows, missing, more }
}

interface Building extends Omit<GapGroup, "missing" | "ranges" | "moreRanges" | "duplicates"> {
    missing: bigint
    readonly ranges: GapRange[]
    moreRanges: number
    duplicates: number
}
