import type { Beginning } from "../../dialects/dialect"
import type { Session } from "../../inserts/session"
import { tableName } from "../../typeorm/names"
import type { NumberRequest } from "../number-request"
import { beforeFirst } from "../number-values"
import { lockTables } from "../table-lock/table-lock"

/** @internal Lets an INSERT read the highest number of its scope, whose table is locked. */
export async function readNext(
    session: Session,
    { series, scope, first }: NumberRequest,
): Promise<Beginning | undefined> {
    const { dialect, metadata, incrementBy: by, startAt, max } = series
    await lockTables(session, [metadata])
    // A transaction that may see an older state has to be asked for its isolation level.
    if (!session.joinTransaction().locks.isBeforeSnapshot(tableName(metadata))) return undefined
    const next = { before: beforeFirst(series), by, first: first ?? startAt, max }
    return dialect.tableLock?.nextWithin?.(series, scope, next)
}
