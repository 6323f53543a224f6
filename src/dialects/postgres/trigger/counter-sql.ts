import type { CounterTable } from "../../statements/counter-statements"
import type { TriggeredColumn } from "../../statements/trigger-statements"
import { literal } from "../literal"

/** @internal What triggers write of the counters of a column; `c` is the table. */
export interface CounterSql {
    readonly c: CounterTable
    readonly name: string
    readonly insert: string
    isOf(key: string): string
    readonly now: string
    /** Whether this transaction has moved it. */
    readonly isMovedHere: string
    /** How far this transaction has moved it. */
    readonly movedBy: string
}

/** @internal */
export function counterSql({ counter: c, series }: TriggeredColumn): CounterSql {
    const name = literal(series.name)
    // The time zone is the session's to set. One without a name need not be looked up.
    const now = "(CURRENT_TIMESTAMP AT TIME ZONE interval '0')"
    const isMovedHere = `c.${c.movedAt} = ${now}`
    return {
        c,
        name,
        insert: `INSERT INTO ${c.name} AS c (${c.series}, ${c.scope}, ${c.last}, ${c.movedBy}, ${c.movedAt})`,
        isOf: (key) => `c.${c.series} = ${name} AND c.${c.scope} = ${key}`,
        now,
        isMovedHere,
        movedBy: `CASE WHEN ${isMovedHere} THEN c.${c.movedBy} ELSE 0 END`,
    }
}
