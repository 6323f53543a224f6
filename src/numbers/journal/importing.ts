import type { Session } from "../../inserts/session"

const importing = new WeakSet<Session>()

/** @internal Whether rows bring historic numbers along, of which the journal says more than that they were set. */
export function isImporting(session: Session): boolean {
    return importing.has(session)
}

/** @internal Lets rows do so while work is done. */
export async function whileImporting<T>(session: Session, work: () => Promise<T>): Promise<T> {
    const { trigger } = session.dialect ?? {}
    const tell = async (isGiving: boolean) => {
        if (!trigger) return
        const { sql, parameters } = trigger.giveNumbers(isGiving)
        await session.query(sql, parameters)
    }
    importing.add(session)
    await tell(true)
    try {
        return await work()
    } finally {
        importing.delete(session)
        // After an error some transactions take nothing but a rollback, which ends it as well.
        await tell(false).catch(() => {})
    }
}
