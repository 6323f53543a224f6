import type { LoggedRow } from "../worker/log"
import type { Facts } from "./facts"
import type { NumberedTable, StoredRow } from "./tables"
import type { Violation } from "./violation"

/** Holds the rows of a table against what was acknowledged. */
export function checkNumbers(
    table: NumberedTable,
    rows: readonly StoredRow[],
    facts: Facts,
): Violation[] {
    const isOfTable = (row: LoggedRow) => row.table === table.table
    const acknowledged = facts.acknowledged.filter(isOfTable)
    const deleted = facts.deleted.filter(isOfTable)
    return [
        ...checkScopes(table, rows, deleted),
        ...checkAcknowledged(table, rows, acknowledged, deleted),
        ...checkUndone(table, rows, facts),
        ...checkShown(table, rows, facts.shown.filter(isOfTable)),
        ...checkTwice(table, acknowledged, deleted),
        ...(table.hasDrafts ? checkStatus(table, rows, facts.voided.filter(isOfTable)) : []),
    ]
}

/** Each scope is 1 to N, but for what was deleted. */
function checkScopes(
    { table, isLossy, hasDrafts }: NumberedTable,
    rows: readonly StoredRow[],
    deleted: readonly LoggedRow[],
): Violation[] {
    const violations: Violation[] = []
    const numbers = new Map<string, Map<number, string>>()
    for (const { tag, scope, number } of rows) {
        if (number === null) {
            if (!hasDrafts) violations.push({ text: `${table}: ${tag} has no number` })
            continue
        }
        const ofScope = numbers.get(scope) ?? new Map<number, string>()
        numbers.set(scope, ofScope)
        const other = ofScope.get(number)
        if (other !== undefined)
            violations.push({
                text: `${table}: ${other} and ${tag} both have ${number} of ${scope}`,
                at: { table, scope, number },
            })
        ofScope.set(number, tag)
    }
    if (isLossy) return violations
    const gone = new Set(deleted.map(({ scope, number }) => `${String(scope)} ${String(number)}`))
    for (const [scope, ofScope] of numbers) {
        const last = Math.max(...ofScope.keys())
        for (let number = 1; number <= last; number += 1)
            if (!ofScope.has(number) && !gone.has(`${scope} ${number}`))
                violations.push({
                    text: `${table}: ${number} of ${scope} is missing, which goes to ${last}`,
                    at: { table, scope, number },
                })
    }
    return violations
}

/** No acknowledged row is lost or has another number. */
function checkAcknowledged(
    { table }: NumberedTable,
    rows: readonly StoredRow[],
    acknowledged: readonly LoggedRow[],
    deleted: readonly LoggedRow[],
): Violation[] {
    const stored = new Map(rows.map((row) => [row.tag, row]))
    const gone = new Set(deleted.map(({ tag }) => tag))
    return acknowledged.flatMap(({ tag, number, scope }): Violation[] => {
        const row = stored.get(tag)
        const at = scope === undefined ? undefined : { table, scope, number }
        const shown = number === undefined ? tag : `${tag} with ${number} of ${String(scope)}`
        if (!row) return gone.has(tag) ? [] : [{ text: `${table}: ${shown} is lost`, at }]
        if (number === undefined || (row.number === number && row.scope === scope)) return []
        // An upsert has inserted it again.
        if (gone.has(tag)) return []
        return [
            { text: `${table}: ${shown} is stored as ${String(row.number)} of ${row.scope}`, at },
        ]
    })
}

/** Nothing is there that was rolled back. */
function checkUndone(
    { table }: NumberedTable,
    rows: readonly StoredRow[],
    facts: Facts,
): Violation[] {
    return rows
        .filter(({ tag }) => facts.isUndone(tag))
        .map(({ tag, scope, number }) => ({
            text: `${table}: ${tag} was rolled back, and is there with ${String(number)} of ${scope}`,
            at: { table, scope, ...(number !== null && { number }) },
        }))
}

/** No entity shows a number that its row has not got, after an error either. */
function checkShown(
    { table }: NumberedTable,
    rows: readonly StoredRow[],
    shown: readonly LoggedRow[],
): Violation[] {
    const stored = new Map(rows.map((row) => [row.tag, row]))
    return shown
        .filter(({ tag, number }) => stored.get(tag)?.number !== number)
        .map(({ tag, number, scope }) => ({
            text: `${table}: ${tag} was not committed, and its entity still shows ${String(number)}`,
            ...(scope !== undefined && { at: { table, scope, number } }),
        }))
}

/** No number was acknowledged for two rows, even if one of them is gone. */
function checkTwice(
    { table, reuses }: NumberedTable,
    acknowledged: readonly LoggedRow[],
    deleted: readonly LoggedRow[],
): Violation[] {
    const gone = new Set(deleted.map(({ tag }) => tag))
    const owners = new Map<string, string>()
    return acknowledged.flatMap(({ tag, number, scope }): Violation[] => {
        if (number === undefined || scope === undefined || (reuses && gone.has(tag))) return []
        const owner = owners.get(`${scope} ${number}`)
        owners.set(`${scope} ${number}`, tag)
        if (owner === undefined || owner === tag) return []
        return [
            {
                text: `${table}: ${number} of ${scope} was given to ${owner} and to ${tag}`,
                at: { table, scope, number },
            },
        ]
    })
}

/** Drafts have no number, and all others have one; what was made void stays so. */
function checkStatus(
    { table }: NumberedTable,
    rows: readonly StoredRow[],
    voided: readonly LoggedRow[],
): Violation[] {
    const stored = new Map(rows.map((row) => [row.tag, row]))
    return [
        ...rows
            .filter(({ status, number }) => (status === "draft") !== (number === null))
            .map(({ tag, status, number }) => ({
                text: `${table}: ${tag} is ${String(status)} and has the number ${String(number)}`,
            })),
        ...voided
            .filter(({ tag }) => stored.has(tag) && stored.get(tag)?.status !== "void")
            .map(({ tag }) => ({
                text: `${table}: ${tag} was made void, and is ${String(stored.get(tag)?.status)}`,
            })),
    ]
}
