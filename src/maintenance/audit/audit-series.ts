import type { DataSource } from "typeorm"
import { auditOneSeries } from "../../audit/audit-series"
import { inSnapshot } from "../../audit/snapshot"
import type { AuditReport, ScopeAudit, SeriesAudit, WeakReferenceAudit } from "../../audit/types"
import {
    checkedOptions,
    FLAG,
    FUNCTION,
    integerFrom,
    LIST,
    refuserOf,
    SIGNAL,
} from "../../declared/options"
import { show } from "../../declared/show"
import { allSeriesOf } from "../../series/sharers"
import { givenDataSource } from "../../typeorm/given"
import { versions } from "../../typeorm/version/own-version"
import { auditReferences, referencesOf } from "../references/find-orphans"
import { type AuditProgress, progressOf } from "../progress"

/** What {@link auditSeries} takes. */
export interface AuditOptions {
    /**
     * The series to audit, by their names: `["invoice.number"]`.
     *
     * Default is all of the data source.
     */
    series?: readonly string[]

    /**
     * How many scopes of each series are listed, those with findings first. The others are counted.
     *
     * Default is `10_000`.
     */
    maxScopes?: number

    /**
     * How many ranges of missing numbers are listed of each scope. The others are counted.
     *
     * Default is `1000`.
     */
    maxRanges?: number

    /**
     * References without a foreign key that no entity declares: `tag.objectId references Article where tag.contentType =
     * 'Article'`. What of these leads nowhere is a problem; of columns that only look like references, it is not.
     *
     * Default is none.
     */
    weak?: readonly string[]

    /** Whether references without a foreign key are looked at. Default is `true`, unless series are named. */
    references?: boolean

    /** Called before the first series is read, and behind each. */
    onProgress?: (progress: AuditProgress) => void

    /** Ends it before the next statement, when it is aborted: it rejects with the reason. */
    signal?: AbortSignal
}

const FORMS = {
    series: LIST,
    maxScopes: integerFrom(1),
    maxRanges: integerFrom(1),
    weak: LIST,
    references: FLAG,
    onProgress: FUNCTION,
    signal: SIGNAL,
}

/**
 * Tells what an auditor asks of the numbers of a data source: for each series, scope and period the first and the last
 * number, the counter, how many rows there are, which numbers are missing and why, numbers that are there twice, also in
 * different tables of one series, counters behind or ahead of their rows, dates out of order or out of their
 * period, drafts with numbers, and rows without one.
 *
 * It reads one snapshot of the master, so that what others write meanwhile changes nothing, and writes nothing. The
 * database counts the rows of each scope; single rows are read only of scopes where the counts leave a doubt. How much
 * of what is found is listed has limits, so that it needs the same memory for a million rows as for a thousand.
 * Soft-deleted rows count. What is not installed is told among the problems of its series, and the rest is read.
 *
 * On SQLite, whose connection is shared, others wait for its end, as for any transaction.
 *
 * Errors: {@link NotInstalledError} before `initialize()`, {@link UnsupportedError}, {@link InvalidOptionError},
 * {@link MissingRightError} that names the right which the user of the data source lacks.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { auditSeries } from "typeorm-autosequence"
 *
 * declare const dataSource: DataSource
 *
 * const report = await auditSeries(dataSource)
 * for (const { name, scopes } of report.series)
 *     for (const { scope, findings } of scopes)
 *         for (const { text } of findings) console.log(name, scope, text)
 * ```
 */
export async function auditSeries(
    dataSource: DataSource,
    options: AuditOptions = {},
): Promise<AuditReport> {
    const refuse = refuserOf("auditSeries")
    const given = givenDataSource("auditSeries", dataSource)
    const {
        series: names,
        maxScopes = 10_000,
        maxRanges = 1000,
        weak = [],
        references: asksReferences = names === undefined || weak.length > 0,
        onProgress,
        signal,
    } = checkedOptions("auditSeries", options, FORMS)
    return inSnapshot(
        given,
        async (snapshot) => {
            const all = allSeriesOf(given)
            const unknown = names?.find((name) => !all.has(name))
            if (unknown !== undefined)
                refuse(
                    `there is no series ${show(unknown)}. There ` +
                        (all.size > 0 ? `are ${[...all.keys()].join(", ")}.` : "is none."),
                )
            const asked = [...all].filter(([name]) => names?.includes(name) ?? true)
            const progress = progressOf(asked.length, onProgress)
            const series: SeriesAudit[] = []
            for (const [, [first, ...others]] of asked) {
                if (!first) continue
                signal?.throwIfAborted()
                series.push(
                    await auditOneSeries(snapshot, [first, ...others], { maxScopes, maxRanges }),
                )
                progress.step()
            }
            const found = asksReferences
                ? await referencesOf(snapshot, { weak, guess: true, refuse })
                : []
            const references = await auditReferences(snapshot, found)
            const { at, database } = snapshot
            return {
                format: 1,
                at,
                database,
                versions: versions(),
                problems:
                    series.reduce((sum, one) => sum + problemsOf(one), 0) +
                    references.filter(isBroken).length,
                series,
                references,
            }
        },
        signal,
    )
}

/** What only looks like a reference may be something else. */
function isBroken({ origin, orphans }: WeakReferenceAudit): boolean {
    return origin !== "guessed" && orphans > 0
}

function problemsOf({ problems, scopes, problemScopes }: SeriesAudit): number {
    const listed = scopes.filter(hasProblem)
    const besides = problemScopes - listed.length
    return (
        problems.length +
        listed.reduce((sum, { findings }) => sum + findings.filter(isProblem).length, besides)
    )
}

function hasProblem({ findings }: ScopeAudit): boolean {
    return findings.some(isProblem)
}

function isProblem({ severity }: ScopeAudit["findings"][number]): boolean {
    return severity === "problem"
}
