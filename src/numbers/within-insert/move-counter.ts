import type { Beginning } from "../../dialects/dialect"
import type { Session } from "../../inserts/session"
import { counterTableOf } from "../../series/own-table"
import { keysOf } from "../../series/scopes/scope-key"
import { counterSeriesOf } from "../counters/counter-series"
import type { NumberRequest } from "../number-request"

/** @internal Lets an INSERT move the counter of its scope. */
export async function moveCounter(
    session: Session,
    { series, scope, first }: NumberRequest,
): Promise<Beginning> {
    const [key = ""] = await keysOf(session, series, [scope])
    const { dataSource, dialect, incrementBy, startAt, max } = series
    const { name, columns } = counterSeriesOf(series)
    const base = (first ?? startAt) - incrementBy
    const moves = { series: name, base, moves: [{ key, by: incrementBy }], columns, max }
    session.transaction?.holdsSeries(name)
    return (parameter) =>
        dialect.counter.moveWithin?.(counterTableOf(dataSource), moves, parameter) ?? ""
}
