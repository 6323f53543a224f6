import type { Session } from "../../inserts/session"
import { waitForCommit } from "../commit/waiting-rows"
import type { Change } from "./change"
import type { ChangedRows, StoredRow } from "./changed-rows"
import { entityOf, idOf } from "./entities/updated-entities"

/** @internal Rows that are due to have a number by an UPDATE, and get it before COMMIT. */
export function lateRows({
    series,
    rows,
}: Pick<Change & ChangedRows, "series" | "rows">): StoredRow[] {
    return series.assignsAtCommit ? rows.filter(({ due }) => Number(due) === 1) : []
}

/** @internal Lets them wait, when the UPDATE has been sent. */
export function waitUpdated(session: Session, change: Change & ChangedRows): void {
    const { series } = change
    const { metadata } = series
    for (const row of lateRows(change))
        waitForCommit(session, {
            ...{ metadata, series, id: idOf(series, row) },
            entity: entityOf(session, series, row),
        })
}
