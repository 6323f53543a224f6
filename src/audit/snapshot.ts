import type { DataSource, QueryRunner } from "typeorm"
import { dialectOf } from "../dialects"
import type { Dialect } from "../dialects/dialect"
import { driverErrorOf } from "../dialects/driver-error"
import { MissingRightError, NotInstalledError, UnsupportedError } from "../errors"
import { select } from "../typeorm/statement"

/** @internal A connection in a transaction that sees one state of the database, and writes nothing. */
export interface Snapshot {
    readonly dataSource: DataSource
    readonly dialect: Dialect
    readonly runner: QueryRunner
    /** When it was taken: ISO string in UTC. */
    readonly at: string
    readonly database: { readonly type: string; readonly version: string; readonly name: string }
    /** Aborting it ends the work before the next statement. */
    readonly signal?: AbortSignal
}

/** @internal Reads within one snapshot of the master. */
export async function inSnapshot<T>(
    dataSource: DataSource,
    work: (snapshot: Snapshot) => Promise<T>,
    signal?: AbortSignal,
): Promise<T> {
    const dialect = readable(dataSource)
    const { snapshot, look } = dialect.audit
    const runner = dataSource.createQueryRunner("master")
    try {
        await runner.connect()
        if (snapshot) for (const sql of snapshot.begin) await runner.query(sql)
        else await runner.startTransaction()
        const [found] = await select<{ at: string; version: string; name: string }>(runner, look)
        const { at = "", version = "", name = "" } = found ?? {}
        const database = { type: dataSource.options.type, version, name }
        const seen = {
            dataSource,
            dialect,
            runner,
            at: new Date(at).toISOString(),
            database,
            signal,
        }
        return await work(seen)
    } catch (error) {
        throw asMissingRight(dialect, error)
    } finally {
        await end(runner, dialect)
    }
}

async function end(runner: QueryRunner, { audit: { snapshot } }: Dialect): Promise<void> {
    try {
        if (snapshot) await runner.query(snapshot.end)
        else if (runner.isTransactionActive) await runner.rollbackTransaction()
    } catch {
        // The connection is gone, and its transaction with it.
    } finally {
        await runner.release()
    }
}

/** @internal The dialect of a data source that can be read. */
export function readable(dataSource: DataSource): Dialect {
    if (!dataSource.isInitialized)
        throw new NotInstalledError("The data source is not initialized. Call initialize() first.")
    const dialect = dialectOf(dataSource)
    if (!dialect)
        throw new UnsupportedError(`The library does not work on "${dataSource.options.type}".`)
    return dialect
}

/** @internal Names the right that a user lacks, where that is why the database has refused. */
export function asMissingRight({ audit }: Dialect, error: unknown): unknown {
    const driverError = driverErrorOf(error)
    const missing = driverError && audit.missingRight(driverError)
    if (!missing) return error
    const { right, on } = missing
    const what = right === undefined ? "a right" : `the right ${right}`
    return new MissingRightError(
        `The user of the data source lacks ${what}${on === undefined ? "" : ` on ${on}`}. ` +
            (right === "BYPASSRLS"
                ? "Row-level security hides rows from it, and hidden rows can't be checked. Use a user who has the right."
                : right !== undefined && on !== undefined
                  ? `Grant it: GRANT ${right} ON ${on} TO …`
                  : `The database says: ${String(driverError.message)}`),
        { cause: error },
    )
}
