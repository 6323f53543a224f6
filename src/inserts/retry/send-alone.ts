import type { QueryRunner } from "typeorm"
import type { Connection } from "../connection/connection"
import type { Query } from "../connection/inner-runner"
import type { Insert } from "../insert"
import { repeat } from "./repeat"
import { repeatsStatements } from "./repeats-statements"

/**
 * Whether nothing but this INSERT is stored with it, and the server might repeat it and answer with what it has not
 * stored: then it is to be sent alone.
 * @internal
 */
export function mayBeRepeated(
    { dataSource, dialect, assigners, isOpen, send }: Connection,
    insert: Insert,
): false | Promise<boolean> {
    return (
        dialect?.repeatsStatements !== undefined &&
        !isOpen &&
        assigners.some((one) => one.readsAnswer?.(insert)) &&
        repeatsStatements(dataSource, { query: send as QueryRunner["query"] })
    )
}

/**
 * Sends an INSERT in a transaction that TypeORM is not told of, as there is none to its callers: the server repeats
 * nothing in it.
 * @internal
 */
export function sendAlone(connection: Connection, ...args: Parameters<Query>): Promise<unknown> {
    return repeat(connection.dataSource, async () => {
        await connection.send("START TRANSACTION")
        try {
            const result = await connection.send(...args)
            await connection.send("COMMIT")
            return result
        } catch (error) {
            await connection.send("ROLLBACK").catch(() => connection.discardConnection())
            throw error
        }
    })
}
