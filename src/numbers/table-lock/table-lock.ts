import type { EntityMetadata } from "typeorm"
import { databasesWith, dialectOf } from "../../dialects"
import type { Scope } from "../../dialects/columns"
import type { LastNumber, TableLockStatements } from "../../dialects/dialect"
import { StaleSnapshotError, UnsupportedError } from "../../errors"
import { placeOf, type Series } from "../../series/series"
import { columnName, tableName } from "../../typeorm/names"
import { noted } from "../../signals/note"
import { dataSourceOf } from "../../typeorm/compat"
import type { CountedRequest } from "../number-request"
import { beforeFirst, max, nextNumber, parseNumber } from "../number-values"
import { select, type Sender } from "../../typeorm/statement"
import type { Session } from "../../inserts/session"

/** @internal Throws {@link UnsupportedError} where the database has no such lock. */
export function tableLockOf(owner: Session | EntityMetadata): TableLockStatements {
    const dataSource = dataSourceOf(owner)
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
    session: Session,
    entities: readonly EntityMetadata[],
    sender: Sender = session,
): Promise<void> {
    const transaction = session.joinTransaction()
    const tables = [...new Set(entities.map((metadata) => tableName(metadata)))]
        .filter((table) => !transaction.locks.has(table))
        .sort()
    if (tables.length === 0) return
    const names = [...new Set(entities.map((metadata) => metadata.tableName))].sort().join("_")
    for (const statement of tableLockOf(session).lock(tables))
        await select(sender, noted(names, statement))
    for (const table of tables) transaction.locked(table)
}

interface Known {
    /** The call whose rows they are for. */
    readonly call: object | undefined
    /** By the keys of scopes: equal for those that the database takes for one. */
    readonly groups: ReadonlyMap<string, string>
    readonly last: Map<string, bigint>
}

/**
 * The highest numbers of scopes whose table is locked.
 * @internal
 */
export class HighestNumbers {
    /** By columns: the classes of a single-table inheritance have one together. */
    private readonly known = new Map<string, Known>()

    get isEmpty(): boolean {
        return this.known.size === 0
    }

    /** Called before anything else is sent: it may change rows. */
    forget(): void {
        if (!this.isEmpty) this.known.clear()
    }

    /**
     * Gives requests of one series the numbers after the highest of each scope. Looks for those of
     * the scopes that come next as well.
     */
    async take(
        session: Session,
        requests: readonly CountedRequest[],
        {
            call,
            coming,
            isKept,
        }: {
            readonly call?: object
            readonly coming: () => readonly Scope[]
            readonly isKept: boolean
        },
    ): Promise<void> {
        const [{ series } = {}] = requests
        if (!series) return
        const place = `${tableName(series.metadata)}.${columnName(series.column)}`
        let known = this.known.get(place)
        const isKnown = ({ scope }: CountedRequest) => known?.groups.has(scope.key) ?? false
        if (!known || known.call !== call || !requests.every(isKnown)) {
            const scopes = [...requests.map(({ scope }) => scope), ...coming()]
            known = { call, ...(await load(session, series, scopes)) }
            refuseTooMany(series, known, scopes)
        }
        if (isKept) this.known.set(place, known)
        for (const request of requests) {
            const group = known.groups.get(request.scope.key) ?? ""
            const before = known.last.get(group) ?? beforeFirst(series)
            const number = request.explicit ?? nextNumber(series, before, request.first)
            if (request.explicit !== undefined) request.before = before
            request.number = number
            request.group = group
            known.last.set(group, max(before, number))
        }
    }
}

/** Refuses the first of some rows where there is no number left for one of them. */
function refuseTooMany(series: Series, { groups, last }: Known, scopes: readonly Scope[]): void {
    const reached = new Map(last)
    for (const { key } of scopes) {
        const group = groups.get(key) ?? ""
        reached.set(group, nextNumber(series, reached.get(group) ?? beforeFirst(series)))
    }
}

async function load(
    session: Session,
    series: Series,
    scopes: readonly Scope[],
): Promise<Omit<Known, "call">> {
    const byKey = new Map(scopes.map((scope) => [scope.key, scope]))
    const keys = [...byKey.keys()]
    const rows = await select<LastNumber>(
        session,
        noted(series.name, series.dialect.lastNumbers(series, [...byKey.values()])),
    )
    refuseStaleSnapshot(session, series, rows)
    const groups = new Map<string, string>()
    const last = new Map<string, bigint>()
    for (const row of rows) {
        groups.set(keys[Number(row.at)] ?? "", row.group)
        last.set(row.group, parseNumber(row.last) ?? beforeFirst(series))
    }
    return { groups, last }
}

function refuseStaleSnapshot(session: Session, series: Series, [row]: readonly LastNumber[]): void {
    if (!row || !tableLockOf(session).keepsSnapshot(row.isolation)) return
    if (session.joinTransaction().locks.isBeforeSnapshot(tableName(series.metadata))) return
    const level = row.isolation.toUpperCase()
    throw new StaleSnapshotError(
        `${placeOf(series)}: this ${level} transaction has read or written before it took the lock ` +
            "(save() itself reads rows whose key is set, and those a relation cascades to), so it does " +
            "not see numbers that were committed since. Use READ COMMITTED, or begin it by " +
            `withTableLock(dataSource, ${series.metadata.name}, work, { isolationLevel: "${level}" }).`,
    )
}
