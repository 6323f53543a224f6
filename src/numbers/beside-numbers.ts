import type { EntityMetadata } from "typeorm"
import { type Insert, InsertNote } from "../inserts/insert"
import type { Session } from "../inserts/session"
import { isRelated } from "../series/periods/zone"
import { conditionalSeriesOf, datedSeriesOf, framedSeriesOf } from "../series/own-series"
import type { Series } from "../series/series"
import { readsOthers, textRequests } from "./documents/framed-texts"
import { frameInserted, givenTexts } from "./documents/inserted-texts"
import type { NumberRequest } from "./number-request"
import { givePeriods, type GivenValue, periodRequests } from "./periods/give-periods"
import { lockTables } from "./table-lock/table-lock"
import { refuseWithoutTransaction } from "./transaction"
import { conditionalRows, leaveDrafts } from "./when/drafts"

const periodsOfRows = new InsertNote<readonly GivenValue[]>()

/**
 * What some series take beside their numbers, before these are made: drafts stay without one, rows get periods, and
 * texts that show the number. Plain series take none of it.
 * @internal
 */
export function prepareBeside(session: Session, insert: Insert): Promise<void> | undefined {
    return insert.rowsWith(takingMore).length > 0 ? prepare(session, insert) : undefined
}

function takingMore(metadata: EntityMetadata): Series[] {
    return [conditionalSeriesOf, datedSeriesOf, framedSeriesOf].flatMap((of) => of(metadata))
}

async function prepare(session: Session, insert: Insert): Promise<void> {
    const conditional = conditionalRows(insert)
    if (conditional.length > 0) await leaveDrafts(session, conditional)
    const periods = periodRequests(insert)
    if (periods.length > 0) {
        await lockBefore(
            session,
            periods.filter(({ period }) => isRelated(period.zone)),
        )
        periodsOfRows.set(insert, await givePeriods(session, periods))
    }
    const requests = textRequests(insert)
    if (requests.length > 0) {
        await lockBefore(
            session,
            requests.filter(({ document }) => readsOthers(document)),
        )
        await frameInserted(session, insert, requests, periods)
    }
}

/** Another row that is read would take the snapshot before the lock. */
async function lockBefore(
    session: Session,
    reading: readonly { readonly series: Series }[],
): Promise<void> {
    const first = reading.find(({ series }) => series.strategy === "table-lock")
    if (!first) return
    refuseWithoutTransaction(session, first.series)
    await lockTables(session, [first.series.metadata])
}

/** @internal The periods that the rows of an INSERT have got. */
export function periodsOf(insert: Insert): readonly GivenValue[] | undefined {
    return periodsOfRows.get(insert)
}

/** @internal What the rows of an INSERT that has succeeded were given beside their numbers. */
export function givenBeside(insert: Insert, numbers: readonly NumberRequest[]): GivenValue[] {
    return [...(periodsOf(insert) ?? []), ...givenTexts(insert, numbers)]
}
