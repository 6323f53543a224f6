import type { Session } from "../../../inserts/session"
import { keepsJournal } from "../../../series/journal"
import type { PlannedChange } from "../send-changes"

/**
 * Sends an UPDATE while the session allows the triggers of columns that numbers change, where code has asked for that.
 * @internal
 */
export async function allowingMoves<T>(
    session: Session,
    changes: readonly PlannedChange[],
    send: () => Promise<T>,
): Promise<T> {
    const isMove = ({ series, rows }: PlannedChange) =>
        series.strategy === "trigger" &&
        rows.some(
            ({ number, due, allowed }) =>
                number !== null && Number(due) === 1 && Number(allowed) !== 1,
        )
    // To the journal they would be numbers that the caller has set.
    const isGiven = ({ series, isAsked, requests }: PlannedChange) =>
        series.strategy === "trigger" &&
        isAsked === true &&
        keepsJournal(series) &&
        requests.length > 0
    const { trigger } = session.dialect ?? {}
    if (!trigger) return send()
    const settings = [
        ...(changes.some(isMove) ? [trigger.allowChanges] : []),
        ...(changes.some(isGiven) ? [trigger.giveNumbers] : []),
    ]
    if (settings.length === 0) return send()
    const allow = async (isAllowed: boolean) => {
        for (const setting of settings) {
            const { sql, parameters } = setting(isAllowed)
            await session.query(sql, parameters)
        }
    }
    await allow(true)
    try {
        return await send()
    } finally {
        // After an error some transactions take nothing but a rollback, which ends it as well.
        await allow(false).catch(() => {})
    }
}
