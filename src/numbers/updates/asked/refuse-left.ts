import { ReadOnlyNumberError } from "../../../errors"
import type { Session } from "../../../inserts/session"
import type { Update } from "../../../inserts/sql/update"
import { seriesOf } from "../../../series/resolve-series"
import { placeOf, type Series } from "../../../series/series"
import { tellRefusedGap } from "../../../signals/channels"
import { lockTables } from "../../table-lock/table-lock"
import { findChange } from "../change"
import { leavesPeriod } from "../changed-periods"
import { changedNumberError, selectRows } from "../changed-rows"
import { findAsked } from "./asked-numbers"

/**
 * Refuses to move a row for one of its numbers where another of them would be left in a scope that it has no more. A
 * trigger would not: what the session allows it, it allows those of all columns.
 * @internal
 */
export async function refuseLeft(session: Session, update: Update): Promise<void> {
    const all = seriesOf(update.metadata)
    const moved = all.find((series) => findAsked(session, series, update)?.kind === "move")
    if (!moved) return
    for (const other of all) {
        if (other === moved) continue
        const change = await findChange(session, other, update)
        if (!change?.keeps && !change?.isDated) continue
        // Whoever locks a row before its table waits for those who do it the other way round.
        if (moved.strategy === "table-lock") await lockTables(session, [moved.metadata])
        const isLeft = (await selectRows(session, change)).some(
            (row) =>
                row.number !== null &&
                Number(row.allowed) !== 1 &&
                (Number(row.keeps) === 0 || leavesPeriod(change, row)),
        )
        if (isLeft) throw change.number ? changedNumberError(other) : leftError(moved, other)
    }
}

function leftError(moved: Series, left: Series): ReadOnlyNumberError {
    const { period, ...other } = left
    const paths = [
        ...other.scope.filter(({ columns: [column] }) => column !== period?.column),
        ...(period ? [{ path: period.date.propertyPath }] : []),
        ...(period && period.zone.fixed === undefined ? [period.zone] : []),
    ].map(({ path }) => path)
    const error = new ReadOnlyNumberError(
        `move() can't give a row another number of ${placeOf(moved)}, because the row would leave the scope` +
            `${period ? " or period" : ""} of a number that stays, ${placeOf(other)}. Insert a new row there, or leave ` +
            `what that one depends on (${[...new Set(paths)].join(", ")}) as it is.`,
    )
    return tellRefusedGap(left, error)
}
