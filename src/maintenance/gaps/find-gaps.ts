import type { DataSource } from "typeorm"
import { between } from "../../audit/scopes/ranges"
import { inSnapshot, type Snapshot } from "../../audit/snapshot"
import type { AuditNumber, WeakReferenceAudit } from "../../audit/types"
import { checkedOptions, FLAG, integerFrom, LIST, refuserOf, SIGNAL } from "../../declared/options"
import { givenDataSource } from "../../typeorm/given"
import { placeOfName, type StoredPlace, storedPlace } from "../references/column-place"
import { auditReferences, referencesOf } from "../references/find-orphans"
import { isInteger } from "../references/orphans"

/** What {@link findGaps} takes. */
export interface GapsOptions {
    /**
     * The columns in whose values the numbers begin anew, by the names that the database has for them.
     *
     * Default is none: one run of numbers.
     */
    by?: readonly string[]

    /** References to this column that no entity declares: {@link OrphansOptions}. */
    weak?: readonly string[]

    /** Whether columns are looked at that look like references. Default is `true`. */
    guess?: boolean

    /** How many ranges are listed of each group, and how many groups. Default is `1000`. */
    maxRanges?: number

    /** Ends it before the next statement, when it is aborted. */
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
    /** How many rows have a number that another row has as well, one of each number not counted. */
    readonly duplicates: number
}

/** What {@link findGaps} resolves to. */
export interface GapReport {
    /** The version of this form. */
    readonly format: 1
    readonly at: string
    readonly column: string
    readonly rows: number
    readonly missing: AuditNumber
    readonly groups: readonly GapGroup[]
    /** How many groups there are besides. */
    readonly moreGroups: number
    /** The references to this column that no foreign key looks after. */
    readonly references: readonly WeakReferenceAudit[]
}

const FORMS = { by: LIST, weak: LIST, guess: FLAG, maxRanges: integerFrom(1), signal: SIGNAL }

/**
 * Tells which numbers are missing in an integer column of any table, numbered by this library or not, and which rows
 * point by a weak reference at a row that is gone.
 *
 * The column is named as `Entity.property`, as `Entity` for its primary key, or as `table.column`, with its schema where
 * it is in another one than the data source's. Names in quotes are taken as they are.
 *
 * Gaps of ids are no mistake, and must not be filled: a rolled-back INSERT takes its id along, and a deleted row leaves
 * one behind, to which old links, logs, tags and permissions may still point. {@link auditSeries} tells of numbers that
 * must have none.
 *
 * Errors: {@link NotInstalledError} before `initialize()`, {@link InvalidOptionError} where there is no such column, or
 * it holds no integers; {@link MissingRightError}.
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
                refuse(`${place.label} is of type ${place.type}. Name a column of integers.`)
            const groups = by.map((name) => {
                const property = place.metadata?.columns.find(
                    ({ propertyPath }) => propertyPath === name,
                )
                const own = property?.databaseName ?? name
                if (!place.columns.has(own))
                    refuse(
                        `${place.table.table} has no column "${name}". It has ${[...place.columns.keys()].join(", ")}.`,
                    )
                return own
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
