import type { DataSource, QueryRunner } from "typeorm"

type Receiver = (text: string) => void

const receivers = new WeakMap<DataSource, Receiver>()

/**
 * Sends the warnings of a data source to a receiver instead of its logger, until the returned function is called.
 * @internal
 */
export function receiveWarnings(dataSource: DataSource, receiver: Receiver): () => void {
    receivers.set(dataSource, receiver)
    return () => {
        // Another application may have set its own receiver since.
        if (receivers.get(dataSource) === receiver) receivers.delete(dataSource)
    }
}

/** @internal */
export function logWarning(dataSource: DataSource, text: string, runner?: QueryRunner): void {
    const receiver = receivers.get(dataSource)
    if (receiver) receiver(text)
    else dataSource.logger.log("warn", `autosequence: ${text}`, runner)
}
