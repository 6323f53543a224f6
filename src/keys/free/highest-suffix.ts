import { batches } from "../../batches"
import type { Scope } from "../../dialects/columns"
import { select, type Sender } from "../../typeorm/statement"
import type { StoredKey } from "../pseudo-key"
import { Parameters } from "../../typeorm/rows/parameters"
import { hasFormer, isInScope } from "../rows/taken-keys"
import { ofRow, tableName } from "../../typeorm/names"
import type { Numbered } from "./suffixes"

const BATCH = 200
const DIGITS = 10
const HALF = 2 ** 30
/** A table of the same name would be hidden from the statement. */
const TRIES = "autosequence_tries"

/**
 * Lets texts go on behind the highest numbers that rows have behind them, by one statement for all texts: it
 * halves the numbers that there may be, along the index, so that it takes as long for the second row with a
 * text as for the hundred thousandth. Where numbers between are free, one of these may be taken for the
 * end, behind which the next one is free as well.
 * @internal
 */
export async function goOnBehindHighest(
    runner: Sender,
    key: StoredKey,
    scope: Scope,
    texts: readonly Numbered[],
): Promise<void> {
    for (const batch of batches(texts, BATCH)) {
        const found = await select<{ at: string | number; highest: string | number }>(
            runner,
            findHighest(key, scope, batch),
        )
        for (const { at, highest } of found) batch[Number(at)]?.goOnBehind(Number(highest))
    }
}

function findHighest(key: StoredKey, scope: Scope, texts: readonly Numbered[]) {
    const { dialect, dataSource, metadata, column } = key
    const { expressions } = dialect
    const { driver } = dataSource
    const parameters = new Parameters(dataSource)
    const stems = texts.map((one) =>
        Array.from({ length: DIGITS }, (_, at) => one.stem(at + 1) ?? ""),
    )
    // Only of a text that is about as long as a key can be is something cut off.
    const isCut = stems.some((of) => of.some((stem) => stem !== of[0]))
    const columns = isCut ? DIGITS : 1
    const rows = parameters.add(
        JSON.stringify(stems.map((of, at) => [String(at), ...of.slice(0, columns)])),
    )
    const names = Array.from({ length: columns }, (_, at) => `c${at + 1}`)
    const tried = "s.n + s.step"
    const cases = names.map((name, at) => `WHEN ${tried} < ${10 ** (at + 1)} THEN s.${name}`)
    const stem = isCut ? `CASE ${cases.join(" ")} END` : "s.c1"
    const text = expressions.concat(stem, expressions.text(`(${tried})`))
    const current =
        `(SELECT 1 FROM ${tableName(metadata)} t ` +
        `WHERE ${[...isInScope(key, scope, parameters), `${ofRow(column)} = ${text}`].join(" AND ")} LIMIT 1)`
    const has = [current, ...hasFormer(key, scope, text, parameters)]
    const isTaken = has.map((sql) => `${sql} IS NOT NULL`).join(" OR ")
    const all = ["c0", ...names]
    return {
        sql:
            `WITH RECURSIVE ${TRIES} (${[...all, "n", "step"].join(", ")}) AS (` +
            `SELECT ${all.map((name) => `r.${name}`).join(", ")}, 0, ${HALF} FROM ${dialect.keys.texts(rows, columns + 1)} ` +
            `UNION ALL SELECT ${all.map((name) => `s.${name}`).join(", ")}, ` +
            `CASE WHEN ${isTaken} THEN ${tried} ELSE s.n END, s.step >> 1 FROM ${TRIES} s WHERE s.step > 0) ` +
            `SELECT c0 AS ${driver.escape("at")}, n AS ${driver.escape("highest")} FROM ${TRIES} WHERE step = 0`,
        parameters: parameters.values,
    }
}
