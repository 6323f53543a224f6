import { showRange } from "../../../audit/scopes/findings"
import type { AuditRange, ScopeAudit, SeriesAudit } from "../../../audit/types"
import { barOf } from "./bar"
import { html } from "./text"

/** How many ranges of one scope the document shows. */
const RANGES = 200

/** @internal One series: its scopes with their bars, and behind each what was found. */
export function seriesSection(series: SeriesAudit): string {
    const { name, columns, problems, unchecked, scopes, scopeCount, problemScopes, rows } = series
    const besides = scopeCount - scopes.length
    return [
        `<section><h2>${html(name)}</h2>`,
        `<p class="pale">${html(columns.join(", "))}; strategy ${html(series.strategy)}${series.gapless ? "" : ", not gapless"}${series.period === null ? "" : `, by ${html(series.period)}`}</p>`,
        `<p>${rows} ${rows === 1 ? "row" : "rows"} in ${scopeCount} ${scopeCount === 1 ? "scope" : "scopes"}, ` +
            `<span class="${problemScopes > 0 ? "bad" : "good"}">${problemScopes === 0 ? "none" : problemScopes} with problems</span>.</p>`,
        ...problems.map((problem) => `<p class="bad">${html(problem)}</p>`),
        ...unchecked.map((text) => `<p class="pale">${html(text)}</p>`),
        ...(scopes.length > 0 ? [table(series)] : []),
        ...(besides > 0 ? [`<p class="pale">${besides} more scopes are not listed.</p>`] : []),
        `</section>`,
    ].join("\n")
}

const HEAD = ["first", "last", "counter", "rows", "missing"]

function table(series: SeriesAudit): string {
    const head = [
        `<th>scope</th>`,
        ...HEAD.map((name) => `<th class="n">${name}</th>`),
        `<th>numbers</th>`,
    ]
    return [
        `<table><thead><tr>${head.join("")}</tr></thead><tbody>`,
        ...series.scopes.map((scope) => scopeRows(series, scope)),
        `</tbody></table>`,
    ].join("\n")
}

function scopeRows(series: SeriesAudit, scope: ScopeAudit): string {
    const more = moreOf(scope)
    const values = [scope.first, scope.last, counterOf(scope), String(scope.rows), scope.missing]
    const cells = values.map(
        (value, at) => `<td class="n" data-name="${HEAD[at] ?? ""}">${html(value ?? "–")}</td>`,
    )
    const name = showScope(scope.scope)
    return (
        `<tr data-text="${html(`${series.name} ${name}`)}"${more ? ' class="has-more"' : ""}>` +
        `<td data-name="scope">${html(name)}${scope.closed ? " (closed)" : ""}</td>${cells.join("")}` +
        `<td class="wide">${barOf(series, scope)}</td></tr>` +
        (more ? `\n<tr class="more"><td colspan="${HEAD.length + 2}">${more}</td></tr>` : "")
    )
}

function counterOf({ counter, counterState }: ScopeAudit): string | null {
    if (counterState === "missing") return "none"
    return counter === null || counterState === "level" ? counter : `${counter} (${counterState})`
}

function showScope(scope: ScopeAudit["scope"]): string {
    const entries = Object.entries(scope).map(([name, value]) => `${name} ${value ?? "NULL"}`)
    return entries.length > 0 ? entries.join(", ") : "all rows"
}

function moreOf({ findings, ranges, moreRanges }: ScopeAudit): string {
    const found = findings.map(({ severity, text, numbers, count }) => {
        const more = numbers.length < count ? " …" : ""
        const which =
            numbers.length > 0
                ? ` <span class="pale">Numbers ${html(numbers.join(", "))}${more}</span>`
                : ""
        return `<li${severity === "problem" ? ' class="bad"' : ""}>${html(text)}${which}</li>`
    })
    const shown = ranges.slice(0, RANGES).map((range) => `<li>${rangeText(range)}</li>`)
    const besides = ranges.length - shown.length + moreRanges
    if (besides > 0) shown.push(`<li class="pale">and ${besides} more ranges</li>`)
    const items = [...found, ...shown]
    return items.length > 0 ? `<ul>${items.join("")}</ul>` : ""
}

function rangeText(range: AuditRange): string {
    const which = `<b>${html(showRange(range))}</b>`
    if (range.cause === "unexplained")
        return `${which} missing, <span class="bad">unexplained</span>`
    if (range.cause === "declared")
        return `${which} not used: this series may lose numbers (gapless: false)`
    const { kind, reason, by, at } = range.event ?? { kind: "", reason: null, by: null, at: "" }
    return (
        `${which} ${html(kind)}, ${html(at.slice(0, 16).replace("T", " "))} UTC` +
        (by === null ? "" : `, by ${html(by)}`) +
        (reason === null ? "" : `: ${html(reason)}`)
    )
}
