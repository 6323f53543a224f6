import type { EntityMetadata, QueryRunner } from "typeorm"
import { databasesWith, dialectOf } from "../dialects"
import type { LastNumber, TableLockStatements } from "../dialects/dialect"
import { StaleSnapshotError, UnsupportedError } from "../errors"
import { type Series } from "../series/series"
import { tableName } from "../typeorm/names"
import { dataSourceOf } from "../typeorm/compat"
import type { NumberRequest } from "./number-request"
import { beforeFirst, max, nextNumber, parseNumber } from "./number-values"
import { select } from "../typeorm/statement"
import { Session } from "../inserts/session"

/** @internal Throws {@link UnsupportedError} where the database has no such lock. */
export function tableLockOf(runnerOrMetadata: QueryRunner | EntityMetadata): TableLockStatements {
    const dataSource = dataSourceOf(runnerOrMetadata)
    const { tableLock } = dialectOf(dataSource) ?? {}
    if (!tableLock)
        throw new UnsupportedError(
            `Strategy "table-lock" does not work on "${dataSource.options.type}". It works on ` +
                `${databasesWith("tableLock")}.` +
                (dialectOf(dataSource) ? ' Strategy "counter" works there.' : ""),
        )
    return tableLock
}

/**
 * Locks tables until the transaction ends, in one statement and always in the same order.
 * @internal
 */
export async function lockTables(
    runner: QueryRunner,
    entities: readonly EntityMetadata[],
): Promise<void> {
    const transaction = Session.of(runner).joinTransaction()
    const tables = [...new Set(entities.map((metadata) => tableName(metadata)))]
        .filter((table) => !transaction.isLocked(table))
        .sort()
    if (tables.length === 0) return
    for (const statement of tableLockOf(runner).lock(tables)) await select(runner, statement)
    for (const table of tables) transaction.locked(table)
}

/**
 * Gives requests of one series the numbers after the highest of each scope. The table must be
 * locked.
 * @internal
 */
export async function takeNumbers(
    runner: QueryRunner,
    requests: readonly NumberRequest[],
): Promise<void> {
    const series = requests[0]?.series
    if (!series) return
    const scopes = new Map(requests.map(({ scope }) => [scope.key, scope]))
    const keys = [...scopes.keys()]
    const rows = await select<LastNumber>(
        runner,
        series.dialect.lastNumbers(series, [...scopes.values()]),
    )
    refuseStaleSnapshot(runner, series, rows)

    const groups = new Map<string, string>()
    const last = new Map<string, bigint>()
    for (const row of rows) {
        groups.set(keys[Number(row.at)] ?? "", row.group)
        last.set(row.group, parseNumber(row.last) ?? beforeFirst(series))
    }
    for (const request of requests) {
        const group = groups.get(request.scope.key) ?? ""
        const before = last.get(group) ?? beforeFirst(series)
        const number = request.explicit ?? nextNumber(series, before)
        request.number = number
        request.group = group
        last.set(group, max(before, number))
    }
}

function refuseStaleSnapshot(
    runner: QueryRunner,
    series: Series,
    [row]: readonly LastNumber[],
): void {
    if (!row || !tableLockOf(runner).keepsSnapshot(row.isolation)) return
    if (Session.of(runner).joinTransaction().isLockedBeforeSnapshot(tableName(series.metadata)))
        return
    const level = row.isolation.toUpperCase()
    throw new StaleSnapshotError(
        `${series.name}: this ${level} transaction has read or written before it took the lock ` +
            "(save() itself reads rows whose key is set, and those a relation cascades to), so it does " +
            "not see numbers that were committed since. Use READ COMMITTED, or begin it by " +
            `withTableLock(dataSource, ${series.metadata.name}, work, { isolationLevel: "${level}" }).`,
    )
}
