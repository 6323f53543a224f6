import type { AnnouncedRows } from "./announced/announced-rows"
import type { Assigner } from "./assigner"
import type { Connection } from "./connection/connection"
import type { Query } from "./connection/inner-runner"
import type { Insert } from "./insert"
import { assignOthers } from "./retry/assign-others"
import { mayBeRepeated, sendAlone } from "./retry/send-alone"
import { rawRows } from "./returned-rows"
import { refuseSkippedListeners } from "./skipped-listeners"

/**
 * Sends an INSERT of rows that were announced, in its turn: first those who assign values put theirs in, and
 * are told afterwards what has become of it.
 * @internal
 */
export async function sendInsert(
    connection: Connection,
    rows: AnnouncedRows,
    insert: Insert,
    structured?: boolean,
): Promise<unknown> {
    const { assigners } = connection
    const asked: Assigner[] = []
    let sent: ReturnType<Insert["write"]> | undefined
    let result: unknown
    try {
        refuseSkippedListeners(insert)
        for (const assigner of assigners) {
            asked.unshift(assigner)
            const assigning = assigner.assign(insert)
            if (assigning) await assigning
        }
        const asking = mayBeRepeated(connection, insert)
        const send: Query =
            asking && (await asking)
                ? (...args) => sendAlone(connection, ...args)
                : (...args) => connection.sendNoticed(...args)
        for (;;) {
            const statement = (sent = insert.write())
            try {
                result = await send(statement.sql, statement.parameters, structured)
                break
            } catch (error) {
                if (!(await assignOthers(assigners, insert, statement, error))) throw error
            }
        }
        if (insert.isSelected && rawRows(result).length === 0) {
            for (const assigner of assigners) await assigner.assignAgain?.(insert)
            sent = insert.write()
            result = await connection.sendNoticed(sent.sql, sent.parameters, structured)
        }
    } catch (error) {
        // What rows were given is known as long as the error is named.
        const named = sent ? connection.nameOf(sent.sql, sent.parameters, error, insert) : error
        for (const assigner of asked) await assigner.failed?.(insert)
        throw named
    } finally {
        rows.endAll(insert)
    }
    for (const assigner of assigners) {
        const finishing = assigner.inserted(insert, result)
        if (finishing) await finishing
    }
    insert.hideReturned(rawRows(result))
    return result
}
