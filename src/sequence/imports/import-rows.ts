import type { EntityManager, ObjectLiteral } from "typeorm"
import { batches } from "../../batches"
import { parseFormat } from "../../declared/documents/format"
import type { Refuse } from "../../declared/options"
import type { Scope } from "../../dialects/columns"
import type { LastNumber } from "../../dialects/dialect"
import { type ImportConflict, ImportConflictError } from "../../errors"
import { groupBy } from "../../group-by"
import { Session } from "../../inserts/session"
import { counterSeriesOf } from "../../numbers/counters/counter-series"
import { moveCounters } from "../../numbers/counters/move-counters"
import { whileImporting } from "../../numbers/journal/importing"
import type { Said } from "../../numbers/journal/said"
import { saying } from "../../numbers/journal/with-reason"
import { beforeDetails, writeEvents } from "../../numbers/journal/write-events"
import { beforeFirst, parseNumber } from "../../numbers/number-values"
import { findStored } from "../../numbers/stored-numbers"
import { lockTables } from "../../numbers/table-lock/table-lock"
import { keepsJournal } from "../../series/journal"
import { keysOf } from "../../series/scopes/scope-key"
import { hasCounters, type Series } from "../../series/series"
import { sharersOf } from "../../series/sharers"
import { select } from "../../typeorm/statement"
import { type ImportedRow, readRow, type Report, zonesOf } from "./read-rows"
import type { ImportOptions, ImportProgress, ImportResult } from "./types"

const LOOKED_AT = 1000

/**
 * Inserts historic rows with the numbers that their texts show. All of them are looked at before the first is written.
 * @internal
 */
export async function importRows(
    manager: EntityManager,
    series: Series,
    given: readonly ObjectLiteral[],
    { formats = [], batchSize = 500, onProgress, ...said }: Omit<ImportOptions, "reason"> & Said,
    refuse: Refuse,
): Promise<ImportResult> {
    const { queryRunner } = manager
    if (!queryRunner || given.length === 0) return { imported: 0, scopes: 0 }
    const session = Session.of(queryRunner)
    const tokens = formats.map((format) =>
        parseFormat(format, (problem) => refuse(`format ${problem}`)),
    )
    const conflicts: ImportConflict[] = []
    const report: Report = (kind, { index, text }, problem) =>
        conflicts.push({ index, text, kind, problem })
    const [document] = series.documents
    const zones = await zonesOf(session, series, given)
    const rows = given.flatMap(
        (row, index) =>
            readRow(series, document, row, {
                index,
                zone: zones[index],
                formats: tokens,
                report,
            }) ?? [],
    )
    const scopes = [...groupBy(rows, ({ scope }) => scope.key).values()]
    const keys = await keysOf(
        session,
        series,
        scopes.flatMap(([first]) => first?.scope ?? []),
    )
    // The database may take texts for equal that are none.
    const byKey = groupBy([...scopes.entries()], ([at]) => keys[at] ?? "")
    const ofKeys = new Map([...byKey].map(([key, all]) => [key, all.flatMap(([, own]) => own)]))
    for (const ofScope of ofKeys.values()) reportRepeated(ofScope, report)
    await reportTaken(session, series, rows, report)
    if (conflicts.length > 0) throw conflictError(conflicts, given.length)
    const before = keepsJournal(series) ? await lastNumbers(session, series, ofKeys) : undefined
    await whileImporting(session, () =>
        saying(session, series.dialect, said, () =>
            insertAll(manager, series, rows, { batchSize, onProgress }),
        ),
    )
    if (before) await note(session, series, { ofKeys, before, said })
    return { imported: rows.length, scopes: ofKeys.size }
}

function conflictError(conflicts: ImportConflict[], total: number): ImportConflictError {
    conflicts.sort((a, b) => a.index - b.index)
    const kinds = [...new Set(conflicts.map(({ kind }) => kind))].join(", ")
    const places = conflicts.slice(0, 10).map(({ index }) => index)
    return new ImportConflictError(
        `${conflicts.length} of ${total} rows can't be imported (${kinds}), at index ` +
            `${places.join(", ")}${conflicts.length > places.length ? " and others" : ""}. The error's property ` +
            "conflicts lists all of them. Nothing was written.",
        { conflicts },
    )
}

function reportRepeated(ofScope: readonly ImportedRow[], report: Report): void {
    const seen = new Map<bigint, ImportedRow>()
    for (const row of ofScope) {
        const first = seen.get(row.number)
        if (first)
            report("repeated", row, `row ${first.index} has ${row.number} in the same scope.`)
        else seen.set(row.number, row)
    }
}

async function reportTaken(
    session: Session,
    series: Series,
    rows: readonly ImportedRow[],
    report: Report,
): Promise<void> {
    for (const sharer of sharersOf(series))
        for (const batch of batches(rows, LOOKED_AT)) {
            const wanted = batch.map((row) => ({ ...row, series: sharer }))
            for (const row of await findStored(session, wanted))
                report("taken", row, `a stored row has ${row.number} in the same scope.`)
        }
}

async function insertAll(
    manager: EntityManager,
    { metadata }: Series,
    rows: readonly ImportedRow[],
    { batchSize, onProgress }: { batchSize: number; onProgress?: (now: ImportProgress) => void },
): Promise<void> {
    const started = performance.now()
    let done = 0
    for (const batch of batches(rows, batchSize)) {
        await manager
            .createQueryBuilder()
            .insert()
            .into(metadata.target)
            .values(batch.map(({ row }) => row))
            .updateEntity(false)
            .execute()
        done += batch.length
        const perSecond = done / ((performance.now() - started) / 1000)
        onProgress?.({ done, total: rows.length, perSecond })
    }
}

type RowsOfKeys = ReadonlyMap<string, readonly ImportedRow[]>

/** The last numbers of scopes, which stay locked until the transaction ends. */
async function lastNumbers(
    session: Session,
    series: Series,
    ofKeys: RowsOfKeys,
): Promise<Map<string, bigint>> {
    const all = [...ofKeys].flatMap(([key, [row]]) => (row ? [{ key, scope: row.scope }] : []))
    all.sort((a, b) => (a.key < b.key ? -1 : 1))
    if (!hasCounters(series)) await lockTables(session, [series.metadata])
    const last = new Map<string, bigint>()
    for (const places of batches(all, LOOKED_AT)) {
        const found = hasCounters(series)
            ? await moveCounters(
                  session,
                  counterSeriesOf(series),
                  places.map((place) => ({ ...place, by: 0n })),
              )
            : await highestNumbers(session, series, places)
        for (const [key, number] of found) last.set(key, number)
    }
    return last
}

async function highestNumbers(
    session: Session,
    series: Series,
    places: readonly { readonly key: string; readonly scope: Scope }[],
): Promise<Map<string, bigint>> {
    const scopes = places.map(({ scope }) => scope)
    const rows = await select<LastNumber>(session, series.dialect.lastNumbers(series, scopes))
    return new Map(
        rows.map(({ at, last }) => [
            places[Number(at)]?.key ?? "",
            parseNumber(last) ?? beforeFirst(series),
        ]),
    )
}

/** Writes of each scope which numbers have come. */
async function note(
    session: Session,
    series: Series,
    {
        ofKeys,
        before,
        said,
    }: {
        readonly ofKeys: RowsOfKeys
        readonly before: ReadonlyMap<string, bigint>
        readonly said: Said
    },
): Promise<void> {
    const events = [...ofKeys].flatMap(([key, rows]) =>
        rangesOf(rows, series.incrementBy).map(([first, last]) => ({
            kind: "import" as const,
            key,
            first,
            last,
            details: beforeDetails(before.get(key)),
        })),
    )
    await writeEvents(session, series.name, events, said)
}

function rangesOf(rows: readonly ImportedRow[], step: bigint): [bigint, bigint][] {
    const ranges: [bigint, bigint][] = []
    const numbers = rows.map(({ number }) => number).sort((a, b) => (a < b ? -1 : 1))
    for (const number of numbers) {
        const last = ranges.at(-1)
        if (last?.[1] === number - step) last[1] = number
        else ranges.push([number, number])
    }
    return ranges
}
