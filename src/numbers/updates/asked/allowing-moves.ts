import type { Session } from "../../../inserts/session"
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
    const { trigger } = session.dialect ?? {}
    if (!trigger || !changes.some(isMove)) return send()
    const allow = (isAllowed: boolean) => {
        const { sql, parameters } = trigger.allowChanges(isAllowed)
        return session.query(sql, parameters)
    }
    await allow(true)
    try {
        return await send()
    } finally {
        // After an error some transactions take nothing but a rollback, which ends it as well.
        await allow(false).catch(() => {})
    }
}
