import { Readable } from "node:stream"
import type { Connection } from "mysql2"
import type { Client } from "pg"
import type { DataSource } from "typeorm"

interface Wire {
    query(sql: string): void
    sendCopyFromChunk(chunk: Buffer): void
    endCopyFrom(): void
}

/** Sends `COPY … FROM STDIN` of PostgreSQL and its rows. */
export async function copyIn(dataSource: DataSource, sql: string, rows: string): Promise<void> {
    const runner = dataSource.createQueryRunner()
    const client = (await runner.connect()) as Client
    try {
        await new Promise<void>((resolve, reject) => {
            client.query({
                submit: (wire: unknown) => {
                    ;(wire as Wire).query(sql)
                },
                handleCopyInResponse(wire: Wire) {
                    wire.sendCopyFromChunk(Buffer.from(rows))
                    wire.endCopyFrom()
                },
                handleCommandComplete() {},
                handleError: reject,
                handleReadyForQuery: resolve,
            } as never)
        })
    } finally {
        await runner.release()
    }
}

/** Sends `LOAD DATA LOCAL` of MariaDB and its rows. */
export async function loadData(dataSource: DataSource, into: string, rows: string): Promise<void> {
    const runner = dataSource.createQueryRunner()
    const connection = (await runner.connect()) as Connection
    try {
        await new Promise<void>((resolve, reject) => {
            connection.query(
                {
                    sql: `LOAD DATA LOCAL INFILE 'rows' INTO TABLE ${into}`,
                    infileStreamFactory: () => Readable.from([Buffer.from(rows)]),
                },
                (error) => (error ? reject(error) : resolve()),
            )
        })
    } finally {
        await runner.release()
    }
}
