import { batches } from "../batches"
import type { Sharers } from "../series/sharers"
import { withJournalChecks } from "./checks/journal-checks"
import { eventsOf } from "./events"
import { FoundByScope } from "./found-rows"
import { MissingNumbers } from "./scopes/missing-numbers"
import { between } from "./scopes/ranges"
import { hasProblem } from "./scopes/findings"
import { readAhead } from "./read-ahead"
import { type BesideRow, selectGaps, selectWrong } from "./row-statements"
import { ScopeDraft } from "./scopes/scope-draft"
import {
    type Audited,
    type AuditedColumn,
    type OneScope,
    type ScopeRow,
    selectScopes,
    sqlKindsOf,
} from "./statements"
import type { Snapshot } from "./snapshot"
import type { Restriction } from "./scopes/within-scopes"
import { OWN } from "../typeorm/names"
import { findReadable, type Readable } from "./tables"
import type { ScopeAudit, SeriesAudit } from "./types"

/** @internal How much of what is found a report keeps. */
export interface AuditLimits {
    /** How many scopes of a series are listed. */
    readonly maxScopes: number
    /** How many ranges of missing numbers of a scope are. */
    readonly maxRanges: number
}

/** How many ranges of missing numbers all scopes of a series together list. */
const MOST_RANGES = 100_000
/** How many doubtful scopes of a series are read. */
const MOST_DOUBTFUL = 100_000
/** Up to this number, scopes are read one by one; for more of them the whole table is read once. */
const FEW_SCOPES = 100
/** How many scopes one statement is about. */
const AT_ONCE = 25

/**
 * Audits one series. For most scopes the database's counts show that they are in order; rows are read only of scopes
 * whose counts leave a doubt.
 * @internal
 */
export async function auditOneSeries(
    snapshot: Snapshot,
    sharers: Sharers,
    limits: AuditLimits,
    only?: OneScope,
): Promise<SeriesAudit> {
    const readable = await findReadable(snapshot, sharers)
    const columns: AuditedColumn[] = []
    for (const column of readable.columns)
        columns.push(readable.hasJournal ? await withJournalChecks(snapshot, column) : column)
    const [first, ...others] = columns
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
    await findMissing(snapshot, audited, scopes)
    await findNumbers(snapshot, audited, scopes, kinds)
    return seriesAudit(sharers, readable, scopes)
}

/** The scopes of a series: the doubtful ones, and as many of the others as are listed. */
class Scopes {
    /** By their keys. */
    readonly doubtful = new Map<string, ScopeDraft>()
    readonly fine: ScopeDraft[] = []
    count = 0
    rows = 0
    /** How many more may have problems. */
    unread = 0

    constructor(readonly limits: AuditLimits) {}

    add(draft: ScopeDraft): void {
        if (draft.isEmpty) return
        this.count += 1
        this.rows += draft.rows
        if (!draft.isDoubtful) {
            if (this.fine.length < this.limits.maxScopes) this.fine.push(draft)
        } else if (this.doubtful.size < MOST_DOUBTFUL) this.doubtful.set(draft.key, draft)
        else if (draft.hasFindings || draft.series.gapless) this.unread += 1
    }
}

/** Finds the missing numbers of scopes that have too few rows, and asks the journal why they are missing. */
async function findMissing(snapshot: Snapshot, audited: Audited, scopes: Scopes): Promise<void> {
    const [{ series }] = audited
    const lacking = [...scopes.doubtful.values()].filter(({ lacksNumbers }) => lacksNumbers)
    const events = await eventsOf(
        snapshot,
        series.name,
        lacking.map(({ key }) => key),
    )
    const rule = { incrementBy: series.incrementBy, isLossy: !series.gapless }
    const room = { left: MOST_RANGES }
    for (const draft of lacking)
        draft.setMissing(
            new MissingNumbers(events.get(draft.key) ?? [], rule, scopes.limits.maxRanges, room),
        )
    await eachDoubtful(
        snapshot,
        lacking.filter(({ hasGaps }) => hasGaps),
        (restriction) => selectGaps(audited, restriction),
        ({ key, number, beside }) => {
            const draft = scopes.doubtful.get(key)
            for (const range of between(BigInt(number), BigInt(beside), series))
                draft?.addRange(range)
        },
    )
    for (const draft of lacking) draft.endRanges()
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
    const values = drafts.map((draft) => draft.values)
    const restrictions = drafts.length > FEW_SCOPES ? (["all"] as const) : batches(values, AT_ONCE)
    for (const restriction of restrictions) {
        signal?.throwIfAborted()
        const statement = statementFor(restriction)
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

function seriesAudit(sharers: Sharers, { problems }: Readable, scopes: Scopes): SeriesAudit {
    const [series] = sharers
    const drafts = [...scopes.doubtful.values()]
    const audits = drafts.map((draft) => draft.audit())
    const problemScopes = audits.filter(hasProblem).length + scopes.unread
    const fine = scopes.fine.map((draft) => draft.audit())
    const worth = [...audits].sort(
        (a, b) => Number(hasProblem(b)) - Number(hasProblem(a)) || compareScopes(a, b),
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
        unchecked: scopes.unread > 0 ? [unreadText(scopes.unread)] : [],
        rows: scopes.rows,
        scopeCount: scopes.count,
        problemScopes,
        scopes: listed,
    }
}

function unreadText(count: number): string {
    return (
        `${count} more scopes may have problems, and are counted as if they had. They were not examined: ` +
        `of each series, the audit examines ${MOST_DOUBTFUL} such scopes.`
    )
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
