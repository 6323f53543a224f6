import { createHash } from "node:crypto"
import type { AuditReport } from "../../../audit/types"
import { SCRIPT } from "./script"
import { seriesSection } from "./series-section"
import { STYLE } from "./style"
import { html } from "./text"

/**
 * Formats an audit as one HTML document that loads nothing. You can read it on a screen or a phone,
 * search it, print it and archive it. Its head has the time, the database, the versions, and the
 * SHA-256 of everything between `<main>` and `</main>`, including these two lines:
 * `sed -n '/^<main>/,/^<\/main>/p' audit.html | sha256sum` prints the same.
 *
 * ```ts
 * import { writeFile } from "node:fs/promises"
 * import { DataSource } from "typeorm"
 * import { auditSeries, auditToHtml } from "typeorm-autosequence"
 *
 * declare const dataSource: DataSource
 *
 * await writeFile("audit.html", auditToHtml(await auditSeries(dataSource)))
 * ```
 */
export function auditToHtml(report: AuditReport): string {
    const { at, database, versions } = report
    const main = mainOf(report)
    const sum = createHash("sha256").update(main).digest("hex")
    const title = `Audit of ${database.name}, ${at.slice(0, 10)}`
    const head = [
        ["Time", `${at.replace("T", " ").replace("Z", " UTC")}, one snapshot`],
        ["Database", `${database.name} (${database.type} ${database.version})`],
        [
            "Versions",
            `typeorm-autosequence ${versions.library}, TypeORM ${versions.typeorm}, Node ${versions.node}`,
        ],
    ].map(([name = "", value = ""]) => `<dt>${name}</dt><dd>${html(value)}</dd>`)
    return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="sha256" content="${sum}">
<title>${html(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${html(title)}</h1>
<dl>
${head.join("\n")}
<dt>SHA-256</dt><dd><code>${sum}</code></dd>
</dl>
</header>
${main}<script>${SCRIPT}</script>
</body>
</html>
`
}

/** It ends with the end of its last line, as a tool that reads lines sees it. */
function mainOf({ problems, series, references }: AuditReport): string {
    const scopes = series.reduce((sum, { scopeCount }) => sum + scopeCount, 0)
    const rows = series.reduce((sum, one) => sum + one.rows, 0)
    const verdict =
        problems === 0
            ? `<p class="verdict good">Nothing is wrong.</p>`
            : `<p class="verdict bad">${problems} ${problems === 1 ? "problem" : "problems"}.</p>`
    const broken = references.filter(({ orphans }) => orphans > 0)
    return [
        `<main>`,
        verdict,
        `<p>${series.length} series, ${scopes} ${scopes === 1 ? "scope" : "scopes"}, ${rows} rows with a number.</p>`,
        `<p class="pale">In the bars:${KEYS.map(([color, text]) => `<span class="named"><span class="key" style="background:${color}"></span>${text}</span>`).join("")}</p>`,
        `<p class="search"><input id="search" type="search" placeholder="Search scopes, numbers, reasons" aria-label="Search"> <span id="shown" class="pale"></span></p>`,
        ...series.map(seriesSection),
        ...(broken.length > 0
            ? [
                  `<section><h2>References to rows that don't exist</h2>`,
                  orphans(broken),
                  `</section>`,
              ]
            : []),
        `</main>`,
        ``,
    ].join("\n")
}

const KEYS = [
    ["#b9d3c0", "rows"],
    ["#b3261e", "missing, unexplained"],
    ["#e0a526", "missing, explained by the journal"],
    ["#c9c9cf", "may be missing"],
] as const

function orphans(references: AuditReport["references"]): string {
    const items = references.map(({ from, where, to, orphans: count, values, origin }) => {
        const condition = where === null ? "" : ` where ${where}`
        const guess = origin === "guessed" ? " This only looks like a reference." : ""
        const more = values.length < count ? " …" : ""
        const text = `${from}${condition}: ${count} ${count === 1 ? "row refers" : "rows refer"} to no ${to}: ${values.join(", ")}${more}.${guess}`
        return `<li${origin === "guessed" ? "" : ' class="bad"'}>${html(text)}</li>`
    })
    return `<ul>${items.join("")}</ul>`
}
