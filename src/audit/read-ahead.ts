import { FoundByScope } from "./found-rows"
import { type DuplicateRow, selectDuplicates, selectRead, selectUnordered } from "./row-statements"
import type { Snapshot } from "./snapshot"
import type { Restriction } from "./scopes/within-scopes"
import type { Audited } from "./statements"
import { OWN } from "../typeorm/names"
import type { FindingKind } from "./types"

/** @internal Findings that need several rows, or code of this program, so that no count of the database shows them. */
export interface Found {
    /** Numbers that several rows have. */
    readonly duplicates: FoundByScope
    /** How many rows these are more than numbers. */
    readonly excess: FoundByScope
    readonly byKind: ReadonlyMap<FindingKind, FoundByScope>
}

type Row = Record<string, unknown>

/** @internal Finds them, for all scopes at once. */
export async function readAhead(
    { dialect, runner, signal }: Snapshot,
    audited: Audited,
    restriction: Restriction,
): Promise<Found> {
    const [{ unique }] = audited
    const { each } = dialect.audit
    const duplicates = new FoundByScope()
    const excess = new FoundByScope()
    const byKind = new Map<FindingKind, FoundByScope>()
    const ofKind = (kind: FindingKind) => {
        const found = byKind.get(kind) ?? new FoundByScope()
        byKind.set(kind, found)
        return found
    }
    const text = (row: Row, name: string) => String(row[`${OWN}${name}`])

    if (audited.length > 1 || unique === "no" || unique.length > 0)
        await each<Row>(runner, selectDuplicates(audited, restriction), (row) => {
            const found: DuplicateRow = {
                key: text(row, "key"),
                number: text(row, "number"),
                rows: text(row, "rows"),
            }
            duplicates.add(found.key, found.number)
            excess.add(found.key, found.number, Number(found.rows) - 1)
        })
    signal?.throwIfAborted()
    if (isOrdered(audited))
        await each<Row>(runner, selectUnordered(audited, restriction), (row) => {
            ofKind("date-order").add(text(row, "key"), text(row, "number"))
        })
    signal?.throwIfAborted()
    for (const column of audited)
        for (const { kind, columns, where, isWrong } of column.checks.byReading)
            await each<Row>(runner, selectRead(column, columns, restriction, where), (row) => {
                const values = columns.map((_, at) => row[`${OWN}c${at}`])
                if (isWrong(values)) ofKind(kind).add(text(row, "key"), text(row, "number"))
            })
    signal?.throwIfAborted()
    return { duplicates, excess, byKind }
}

/** Whether the dates of all rows can be compared with each other. */
function isOrdered(audited: Audited): boolean {
    const contents = audited.map(({ series }) => series.period?.content)
    return contents[0] !== undefined && contents.every((content) => content === contents[0])
}
