import type { Series } from "../series/series"
import { eventsOf } from "./events"
import { FoundByScope } from "./found-rows"
import { between, explained, type MissingRange } from "./scopes/ranges"
import { readAhead } from "./read-ahead"
import { type BesideRow, selectGaps, selectWrong } from "./row-statements"
import { ScopeDraft } from "./scopes/scope-draft"
import {
    type Audited,
    type OneScope,
    OWN,
    type ScopeRow,
    selectScopes,
    sqlKindsOf,
} from "./statements"
import type { Snapshot } from "./snapshot"
import type { Restriction } from "./scopes/within-scopes"
import { findReadable, type Readable } from "./tables"
import type { ScopeAudit, SeriesAudit } from "./types"

/** @internal How much of what is found a report keeps. */
export interface AuditLimits {
    /** How many scopes of a series are listed. */
    readonly maxScopes: number
    /** How many ranges of missing numbers of a scope are. */
    readonly maxRanges: number
}

/** How many ranges of all scopes of a series are kept. */
const MOST_RANGES = 100_000
/** Up to here scopes are looked at one by one, and above all of the table is gone through once. */
const FEW_SCOPES = 100
/** How many scopes one statement is about. */
const AT_ONCE = 25

/**
 * Audits one series. Most scopes are told to be in order by what the database counts of them; rows are looked at only
 * where that leaves a doubt.
 * @internal
 */
export async function auditOneSeries(
    snapshot: Snapshot,
    sharers: readonly [Series, ...Series[]],
    limits: AuditLimits,
    only?: OneScope,
): Promise<SeriesAudit> {
    const readable = await findReadable(snapshot, sharers)
    const [first, ...others] = readable.columns
    if (!first) return seriesAudit(sharers, readable, new Scopes(limits))
    const audited: Audited = [first, ...others]
    const scopes = new Scopes(limits)
    const restriction: Restriction = only ? [only.values] : "all"

    const found = await readAhead(snapshot, audited, restriction)
    const kinds = sqlKindsOf(audited)
    const statement = selectScopes(audited, readable.hasCounters, only)
    await snapshot.dialect.audit.each<ScopeRow>(snapshot.runner, statement, (row) => {
        scopes.add(new ScopeDraft(audited, readable.hasCounters, kinds, found, row))
    })
    snapshot.signal?.throwIfAborted()
    await findRanges(snapshot, audited, scopes)
    await findNumbers(snapshot, audited, scopes, kinds)
    await explain(snapshot, first.series, scopes, limits)
    return seriesAudit(sharers, readable, scopes)
}

/** The scopes of a series: those with findings, and as many of the others as there is room for. */
class Scopes {
    /** By their keys. */
    readonly doubtful = new Map<string, ScopeDraft>()
    readonly fine: ScopeDraft[] = []
    count = 0
    rows = 0
    /** Of which there was no room to look at them. */
    doubtfulBesides = 0

    constructor(readonly limits: AuditLimits) {}

    add(draft: ScopeDraft): void {
        if (draft.isEmpty) return
        this.count += 1
        this.rows += draft.rows
        if (draft.isDoubtful) {
            if (this.doubtful.size < this.limits.maxScopes) this.doubtful.set(draft.key, draft)
            else this.doubtfulBesides += 1
        } else if (this.fine.length < this.limits.maxScopes) this.fine.push(draft)
    }
}

/** Finds the numbers that are missing, in the scopes of which the database has counted too few rows. */
async function findRanges(snapshot: Snapshot, audited: Audited, scopes: Scopes): Promise<void> {
    const gapped = [...scopes.doubtful.values()].filter(({ hasGaps }) => hasGaps)
    let kept = 0
    await eachDoubtful(
        snapshot,
        gapped,
        (restriction) => selectGaps(audited, restriction),
        (row) => {
            const draft = scopes.doubtful.get(row.key)
            if (!draft?.hasGaps) return
            for (const range of between(
                BigInt(row.number),
                BigInt(row.beside),
                audited[0].series,
            )) {
                const isKept = draft.ranges.length < scopes.limits.maxRanges && kept < MOST_RANGES
                if (isKept) kept += 1
                draft.addRange(range, isKept)
            }
        },
    )
    for (const draft of scopes.doubtful.values()) draft.addEnds()
}

/** Finds the numbers of the rows that the database has counted as wrong. */
async function findNumbers(
    snapshot: Snapshot,
    audited: Audited,
    scopes: Scopes,
    kinds: readonly string[],
): Promise<void> {
    for (const kind of kinds) {
        // Those that have no number have none to be shown.
        if (kind === "unnumbered") continue
        const wrong = [...scopes.doubtful.values()].filter((draft) => draft.countOf(kind) > 0)
        const numbers = new FoundByScope()
        for (const column of audited)
            await eachDoubtful(
                snapshot,
                wrong,
                (restriction) => selectWrong(column, kind, restriction),
                ({ key, number }) => {
                    numbers.add(key, number)
                },
            )
        for (const draft of wrong) draft.setNumbers(kind, numbers.get(draft.key)?.numbers ?? [])
    }
}

async function eachDoubtful(
    { dialect, runner, signal }: Snapshot,
    drafts: readonly ScopeDraft[],
    statementFor: (restriction: Restriction) => ReturnType<typeof selectGaps> | undefined,
    take: (row: BesideRow) => void,
): Promise<void> {
    if (drafts.length === 0) return
    const batches: Restriction[] = []
    if (drafts.length > FEW_SCOPES) batches.push("all")
    else
        for (let at = 0; at < drafts.length; at += AT_ONCE)
            batches.push(drafts.slice(at, at + AT_ONCE).map(({ values }) => values))
    for (const batch of batches) {
        signal?.throwIfAborted()
        const statement = statementFor(batch)
        if (statement)
            await dialect.audit.each<Record<string, string>>(runner, statement, (row) => {
                take({
                    key: row[`${OWN}key`] ?? "",
                    number: row[`${OWN}number`] ?? "",
                    beside: row[`${OWN}beside`] ?? "",
                })
            })
    }
}

/** Asks the journal why numbers are missing. */
async function explain(
    snapshot: Snapshot,
    series: Series,
    scopes: Scopes,
    { maxRanges }: AuditLimits,
): Promise<void> {
    const gapped = [...scopes.doubtful.values()].filter(({ ranges }) => ranges.length > 0)
    const events = await eventsOf(
        snapshot,
        series.name,
        gapped.map(({ key }) => key),
    )
    const rule = { incrementBy: series.incrementBy, isLossy: !series.gapless }
    for (const draft of gapped) {
        const own = events.get(draft.key) ?? []
        const parts = draft.ranges.flatMap((range: MissingRange) => explained(range, own, rule))
        draft.setExplained(parts.slice(0, maxRanges), Math.max(parts.length - maxRanges, 0))
    }
}

function seriesAudit(
    sharers: readonly [Series, ...Series[]],
    { problems }: Readable,
    scopes: Scopes,
): SeriesAudit {
    const [series] = sharers
    const drafts = [...scopes.doubtful.values()]
    const audits = drafts.map((draft) => draft.audit())
    const problemScopes = audits.filter(hasProblems).length + scopes.doubtfulBesides
    const fine = scopes.fine.map((draft) => draft.audit())
    const worth = [...audits].sort(
        (a, b) => Number(hasProblems(b)) - Number(hasProblems(a)) || compareScopes(a, b),
    )
    const listed = [...worth, ...fine.sort(compareScopes)].slice(0, scopes.limits.maxScopes)
    return {
        name: series.name,
        columns: sharers.map(({ metadata, column }) => `${metadata.name}.${column.propertyPath}`),
        strategy: series.strategy,
        gapless: series.gapless,
        startAt: String(series.startAt),
        incrementBy: String(series.incrementBy),
        period: series.period?.rule.by ?? null,
        problems,
        unchecked: [],
        rows: scopes.rows,
        scopeCount: scopes.count,
        problemScopes,
        scopes: listed,
    }
}

function hasProblems({ findings }: ScopeAudit): boolean {
    return findings.some(({ severity }) => severity === "problem")
}

const { compare } = new Intl.Collator("en", { numeric: true })

/** In the order of their values, NULL first. */
function compareScopes(a: ScopeAudit, b: ScopeAudit): number {
    const others = Object.values(b.scope)
    for (const [at, value] of Object.values(a.scope).entries()) {
        const order = compare(value ?? "", others[at] ?? "")
        if (order !== 0) return order
    }
    return 0
}
