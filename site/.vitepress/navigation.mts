import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

const PAGES = join(__dirname, "..", "pages")

/** By group: the pages in their order, each with its name where it is not the page's own heading. Those that are not there are left out. */
const GROUPS: Record<string, Record<string, string>> = {
  "Getting started": {
    start: "Start",
    "why-not-max": "Why not MAX + 1",
    strategies: "Choose a strategy",
    "existing-tables": "Existing tables",
    "from-max-plus-one": "From MAX + 1",
    frameworks: "Frameworks",
    bundlers: "Bundlers and test runners",
    comparison: "Comparison",
  },
  Documents: {
    invoices: "Invoices",
    "by-country": "By country",
    documents: "Formats",
    drafts: "Drafts",
    periods: "Periods",
    journal: "Journal",
  },
  Production: {
    production: "Production",
    migrations: "Migrations",
    deploying: "Deploying",
    command: "Command",
    audit: "Operations and audit",
    troubleshooting: "Troubleshooting",
    upgrading: "Upgrading",
    signals: "Signals",
    torture: "Torture",
    distributed: "Distributed",
    benchmarks: "What it costs",
  },
  Numbers: {
    "column-options": "Options",
    behaviour: "Behaviour",
    transactions: "Transactions",
    cascades: "Cascades",
    upserts: "Upserts",
    counters: "Counters",
    trigger: "trigger",
    "table-lock": "table-lock",
    commit: "Numbers at COMMIT",
    retry: "transactionWithRetry",
    "series-of": "seriesOf",
    sequence: "Sequence",
  },
  "Public keys and NestJS": { "pseudo-keys": "Public keys", nestjs: "NestJS" },
  Reference: {
    errors: "Errors",
    limits: "Limits",
    versions: "Supported versions",
    "api/index": "API",
    changelog: "Changelog",
  },
}

interface Item {
  text: string
  link?: string
  items?: Item[]
  collapsed?: boolean
}

/** A page of docs/ that no group names is found under "More". */
export function sidebar(): Item[] {
  const named = new Set(Object.values(GROUPS).flatMap((pages) => Object.keys(pages)))
  const others = readdirSync(PAGES)
    .filter((file) => file.endsWith(".md") && file !== "index.md")
    .map((file) => file.slice(0, -3))
    .filter((page) => !named.has(page))
  const groups = Object.entries(GROUPS).map(([text, pages]) => ({
    text,
    items: Object.entries(pages)
      .filter(([page]) => existsSync(join(PAGES, `${page}.md`)))
      .map(([page, name]) => ({ text: name, link: `/${page}` })),
  }))
  const more = others.map((page) => ({ text: headingOf(page), link: `/${page}` }))
  return more.length > 0 ? [...groups, { text: "More", items: more }] : groups
}

export function apiSidebar(): Item[] {
  const path = join(PAGES, "api", "typedoc-sidebar.json")
  return JSON.parse(readFileSync(path, "utf8")) as Item[]
}

function headingOf(page: string): string {
  return /^# (.*)$/m.exec(readFileSync(join(PAGES, `${page}.md`), "utf8"))?.[1] ?? page
}
