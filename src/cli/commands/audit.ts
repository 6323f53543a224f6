import { renameSync, rmSync, writeFileSync } from "node:fs"
import { showRange } from "../../audit/scopes/findings"
import type { AuditRange, AuditReport, ScopeAudit, SeriesAudit } from "../../audit/types"
import { auditSeries } from "../../maintenance/audit/audit-series"
import { auditToHtml } from "../../maintenance/audit/html/document"
import { asUsage } from "../arguments"
import { type Command, textOf, textsOf } from "../frame/command"
import { withProgress } from "../frame/run-command"
import type { Printer } from "../frame/printer"
import { markOf, showEvent, showOrphans, showScope, showTime } from "../frame/show"

/** @internal */
export const audit: Command = {
    name: "audit",
    synopsis: "[options]",
    help: `Finds missing numbers and the reasons in the journal, duplicate numbers, counters behind their rows, and other
problems with numbers. It reads one snapshot of the database, and writes nothing to it.

      --html <file>           also write a document that can be read, printed and archived
      --series <name>         audit only this series; may be repeated
      --weak <reference>      also check this reference without a foreign key: "tag.objectId
                              references Article where tag.contentType = 'Article'"; may be repeated
      --all                   also list the scopes without findings`,
    options: {
        html: { type: "string" },
        series: { type: "string", multiple: true },
        weak: { type: "string", multiple: true },
        all: { type: "boolean" },
    },
    positionals: [0, 0],
    hasTable: true,
    async run({ dataSource, values, print, signal }) {
        const series = textsOf(values, "series")
        const weak = textsOf(values, "weak")
        const report = await asUsage(() =>
            withProgress(print, (onProgress) =>
                auditSeries(dataSource, {
                    ...(series.length > 0 && { series }),
                    ...(weak.length > 0 && { weak }),
                    onProgress,
                    signal,
                }),
            ),
        )
        const path = textOf(values, "html")
        if (path !== undefined) {
            writeWhole(path, auditToHtml(report))
            print.note(`Wrote ${path}`)
        }
        print.json(report)
        print.csv(...table(report))
        if (print.isForPeople) show(print, report, values.all === true)
        return report.problems > 0 ? 1 : 0
    },
}

/** Replaces the file at once: a reader finds the old one or the new one. */
function writeWhole(path: string, text: string): void {
    const part = `${path}.${process.pid}.part`
    try {
        writeFileSync(part, text)
        renameSync(part, path)
    } catch (error) {
        rmSync(part, { force: true })
        throw error
    }
}

function show(print: Printer, report: AuditReport, all: boolean): void {
    const { database, at, problems, series, references } = report
    print.line(
        `Audit of ${database.name} (${database.type} ${database.version}), ${showTime(at) ?? ""}`,
    )
    for (const one of series) showSeries(print, one, all)
    const broken = references.filter(({ orphans }) => orphans > 0)
    if (broken.length > 0) {
        print.line()
        print.line(print.style("bold", "References to rows that don't exist"))
        for (const reference of broken)
            print.line(`  ${markOf(reference, print)} ${showOrphans(reference)}`)
    }
    print.line()
    print.line(
        problems === 0
            ? print.style("green", "Nothing is wrong.")
            : print.style("red", `${problems} ${problems === 1 ? "problem" : "problems"}.`),
    )
}

function showSeries(print: Printer, series: SeriesAudit, all: boolean): void {
    const { name, columns, rows, scopeCount, problemScopes, problems, unchecked } = series
    print.line()
    print.line(
        `${print.style("bold", name)} (${columns.join(", ")}): ${rows} ${rows === 1 ? "row" : "rows"} in ` +
            `${scopeCount} ${scopeCount === 1 ? "scope" : "scopes"}, ${problemScopes === 0 ? "none" : problemScopes} with problems`,
    )
    for (const problem of problems) print.line(`  ${print.style("red", "!")} ${problem}`)
    for (const text of unchecked) print.line(`  ${text}`)
    const listed = series.scopes.filter((scope) => all || isWorthALook(scope))
    if (listed.length > 0) {
        print.line()
        print.table(
            ["scope", "first", "last", "counter", "rows", "missing"],
            listed.map(
                ({ scope, closed, first, last, counter, counterState, rows: own, missing }) => [
                    showScope(scope) + (closed ? " (closed)" : ""),
                    first,
                    last,
                    counterState === "missing" ? "none" : counter,
                    own,
                    missing,
                ],
            ),
            "  ",
        )
    }
    for (const scope of listed) showFound(print, scope)
    const besides = scopeCount - series.scopes.length
    if (all && besides > 0) print.line(`  ${besides} more scopes are not listed.`)
}

function isWorthALook({ findings, ranges, closed }: ScopeAudit): boolean {
    return findings.length > 0 || ranges.length > 0 || closed
}

/** How many ranges of a scope are shown. JSON and CSV have all that are listed. */
const RANGES = 20

function showFound(print: Printer, { scope, findings, ranges, moreRanges }: ScopeAudit): void {
    const known = ranges.filter(({ cause }) => cause !== "unexplained")
    if (findings.length === 0 && known.length === 0) return
    print.line()
    print.line(`  ${showScope(scope)}`)
    for (const { severity, text, numbers, count } of findings) {
        const mark = severity === "problem" ? print.style("red", "!") : print.style("yellow", "-")
        const more = numbers.length < count ? " …" : ""
        const which = numbers.length > 0 ? ` (${numbers.join(", ")}${more})` : ""
        print.line(`  ${mark} ${text}${which}`)
    }
    for (const range of known.slice(0, RANGES)) print.line(`    ${showRange(range)}: ${why(range)}`)
    const besides = known.length - RANGES
    if (besides > 0 || moreRanges > 0)
        print.line(`    and ${Math.max(besides, 0) + moreRanges} more ranges`)
}

function why({ cause, event }: AuditRange): string {
    if (cause === "declared") return "not used; the series may lose numbers (gapless: false)"
    return event ? showEvent(event) : "unexplained"
}

const HEAD = [
    "series",
    "scope",
    "first",
    "last",
    "counter",
    "rows",
    "closed",
    "found",
    "severity",
    "from",
    "to",
]
const MORE = ["count", "event", "reason", "by", "at", "text"]

type Cells = (string | number | null)[]

/** A line for each range and each finding, and one for a scope without any. */
function table({ series }: AuditReport): [string[], Cells[]] {
    const lines: Cells[] = []
    for (const { name, scopes, problems } of series) {
        for (const problem of problems)
            lines.push([name, ...nothing(6), "not-installed", "problem", ...nothing(7), problem])
        for (const scope of scopes) {
            const { first, last, counter, rows, closed, findings, ranges } = scope
            const own = [
                name,
                showScope(scope.scope),
                first,
                last,
                counter,
                rows,
                closed ? "closed" : "",
            ]
            const found = [
                ...ranges.map(({ from, to, count, cause, event }): Cells => [
                    ...own,
                    "gap",
                    cause === "unexplained" ? "problem" : "explained",
                    ...[from, to, count],
                    event?.kind ?? cause,
                    ...[event?.reason ?? null, event?.by ?? null, event?.at ?? null, null],
                ]),
                ...findings
                    // Unless none of its ranges has room in the list.
                    .filter(({ kind }) => kind !== "gap" || !ranges.some(isUnexplained))
                    .map(({ kind, severity, numbers, count, text }): Cells => [
                        ...own,
                        ...[kind, severity, numbers[0] ?? null, numbers.at(-1) ?? null, count],
                        ...[null, null, null, null, text],
                    ]),
            ]
            lines.push(...(found.length > 0 ? found : [[...own, ...nothing(10)]]))
        }
    }
    return [[...HEAD, ...MORE], lines]
}

function isUnexplained({ cause }: AuditRange): boolean {
    return cause === "unexplained"
}

function nothing(count: number): null[] {
    return Array.from({ length: count }, () => null)
}
