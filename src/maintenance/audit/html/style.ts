/** @internal On a screen, on a phone, and on paper, where colours may be grey. */
export const STYLE = `
:root { --ink: #1c1c1e; --pale: #6b6b70; --line: #d9d9de; --rows: #b9d3c0; --bad: #b3261e; --known: #e0a526; --back: #fff }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; color: var(--ink); background: var(--back);
  font: 15px/1.45 system-ui, "Segoe UI", "DejaVu Sans", sans-serif }
h1 { font-size: 1.5rem; margin: 0 0 .5rem }
h2 { font-size: 1.15rem; margin: 2rem 0 .25rem; overflow-wrap: anywhere }
p { margin: .25rem 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0 }
dt { color: var(--pale) }
dd { margin: 0; overflow-wrap: anywhere }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .85em }
.verdict { font-size: 1.1rem; font-weight: 600; margin: 1rem 0 }
.verdict.bad, .bad { color: var(--bad) }
.good { color: #1b6e3c }
.pale { color: var(--pale) }
input { font: inherit; width: 100%; max-width: 24rem; padding: .4rem .6rem; border: 1px solid var(--line); border-radius: 6px }
table { width: 100%; border-collapse: collapse; margin: .5rem 0 }
th { text-align: left; font-weight: 600; color: var(--pale) }
th, td { padding: .3rem .75rem .3rem 0; vertical-align: top; border-bottom: 1px solid var(--line); overflow-wrap: anywhere }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
td.wide { width: 28% }
tr.more td { border-bottom: 1px solid var(--line); padding-left: 1rem }
tr.has-more td { border-bottom: 0 }
ul { margin: 0; padding-left: 1.1rem }
.bar { display: block; width: 100%; height: 12px; margin-top: .3rem; border-radius: 3px; -webkit-print-color-adjust: exact; print-color-adjust: exact }
.bar .rows { fill: var(--rows) }
.bar .unexplained { fill: var(--bad) }
.bar .event { fill: var(--known) }
.bar .declared { fill: #c9c9cf }
.named { display: inline-block; white-space: nowrap }
.key { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin: 0 .3em 0 .8em; -webkit-print-color-adjust: exact; print-color-adjust: exact }
@media (max-width: 40rem) {
  body { padding: 1rem }
  dl { grid-template-columns: 1fr }
  dd { margin-bottom: .3rem }
  thead { display: none }
  tr, td { display: block; width: auto }
  td, td.n { border: 0; padding: .1rem 0; text-align: left; white-space: normal }
  td.wide { width: auto }
  td.n { display: inline-block; margin-right: .9rem }
  td[data-name]::before { content: attr(data-name) ": "; color: var(--pale) }
  tr { border-bottom: 1px solid var(--line); padding: .5rem 0 }
  tr.has-more { border-bottom: 0; padding-bottom: 0 }
  tr.more { padding-top: 0 }
  tr.more td { border-bottom: 0; padding-left: 0 }
}
@media print {
  @page { margin: 16mm }
  body { max-width: none; padding: 0; font-size: 10pt }
  .search { display: none }
  h2 { break-after: avoid }
  tr { break-inside: avoid }
  tr.has-more { break-after: avoid }
  thead { display: table-header-group }
}
`
