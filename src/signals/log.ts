import type { DataSource, QueryRunner } from "typeorm"

type Receiver = (text: string) => void

const receivers = new WeakMap<DataSource, Receiver>()

/**
 * Lets the warnings of a data source go to somebody else than its logger, until what this returns is called.
 * @internal
 */
export function receiveWarnings(dataSource: DataSource, receiver: Receiver): () => void {
    receivers.set(dataSource, receiver)
    return () => {
        // Another application may have come meanwhile.
        if (receivers.get(dataSource) === receiver) receivers.delete(dataSource)
    }
}

/** @internal */
export function logWarning(dataSource: DataSource, text: string, runner?: QueryRunner): void {
    const receiver = receivers.get(dataSource)
    if (receiver) receiver(text)
    else dataSource.logger.log("warn", `autosequence: ${text}`, runner)
}
