import type { DataSource } from "typeorm"
import { auditOneSeries } from "../../audit/audit-series"
import { hasProblem, isProblem } from "../../audit/scopes/findings"
import { inSnapshot } from "../../audit/snapshot"
import type { AuditReport, SeriesAudit } from "../../audit/types"
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
import { auditReferences, isBroken, referencesOf } from "../references/find-orphans"
import { type AuditProgress, progressOf } from "../progress"

/** Options of {@link auditSeries}. */
export interface AuditOptions {
    /**
     * The names of the series to audit: `["invoice.number"]`.
     *
     * Default: all series of the data source.
     */
    series?: readonly string[]

    /**
     * How many scopes are listed for each series, those with findings first. The others are
     * counted.
     *
     * Default: `10_000`.
     */
    maxScopes?: number

    /**
     * How many ranges of missing numbers are listed for each scope. The others are counted.
     *
     * Default: `1000`.
     */
    maxRanges?: number

    /**
     * References without a foreign key that no entity declares:
     * `tag.objectId references Article where tag.contentType = 'Article'`. If one of these refers
     * to a missing row, that is a problem; in columns that only look like references it is not.
     *
     * Default: none.
     */
    weak?: readonly string[]

    /**
     * Whether references without a foreign key are checked. Default: `true`, unless series are
     * named.
     */
    references?: boolean

    /** Called before the first series is read, and after each series. */
    onProgress?: (progress: AuditProgress) => void

    /**
     * Aborting it ends the audit before the next statement. The promise rejects with the signal's
     * reason.
     */
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
 * Audits the numbers of a data source. For each series, scope and period it reports the first and
 * last number, the counter, the number of rows, which numbers are missing and why, duplicate
 * numbers (also between tables of one series), counters behind or ahead of their rows, dates out of
 * order or outside their period, drafts with numbers, and rows without one.
 *
 * It reads one snapshot from the master, so that concurrent writes change nothing, and writes
 * nothing. The database counts the rows of each scope; single rows are read only in scopes whose
 * counts are in doubt. The lists of findings are limited, so that the audit needs as much memory
 * for a million rows as for a thousand. Soft-deleted rows count. If something isn't installed, it
 * is listed in the problems of its series, and the rest is read.
 *
 * On SQLite, where the connection is shared, others wait until it ends, as for any transaction.
 *
 * Errors: {@link NotInstalledError} before `initialize()`, {@link UnsupportedError},
 * {@link InvalidOptionError}, and {@link MissingRightError}, which names the right that the
 * database user lacks.
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
            for (const [, sharers] of asked) {
                signal?.throwIfAborted()
                series.push(await auditOneSeries(snapshot, sharers, { maxScopes, maxRanges }))
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

function problemsOf({ problems, scopes, problemScopes }: SeriesAudit): number {
    const listed = scopes.filter(hasProblem)
    const besides = problemScopes - listed.length
    return (
        problems.length +
        listed.reduce((sum, { findings }) => sum + findings.filter(isProblem).length, besides)
    )
}
