import { expect } from "chai"
import { connect, createServer, type Server, type Socket } from "node:net"
import { Client } from "pg"
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, installAutoSequence, withAutoSequence } from "../../../src"
import { onOnePostgres } from "../../support/databases"
import { rejection } from "../../support/errors"

@Entity({ name: "ticket" })
class Ticket {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int" }) desk!: number
    @AutoSequenceColumn({ uniqueWith: "desk", strategy: "counter", gapless: false })
    number!: number
}

const LEASES =
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'ended-leases autosequence'"

/**
 * Lies between the data source and its server. Where it is told so, the server ends a connection as it is made, and
 * the client reads of both at once: it was busy, or stopped.
 */
class Between {
    isEnding = false
    private readonly sockets = new Set<Socket>()
    private readonly server: Server

    constructor(private readonly to: URL) {
        this.server = createServer((client) => {
            this.join(client)
        })
    }

    listen(): Promise<string> {
        return new Promise((resolve) =>
            this.server.listen(0, "127.0.0.1", () => {
                const url = new URL(this.to)
                url.hostname = "127.0.0.1"
                url.port = String((this.server.address() as { port: number }).port)
                resolve(url.href)
            }),
        )
    }

    close(): void {
        for (const socket of this.sockets) socket.destroy()
        this.server.close()
    }

    private join(client: Socket): void {
        const server = connect(Number(this.to.port || 5432), this.to.hostname)
        for (const socket of [client, server]) {
            this.sockets.add(socket)
            socket.on("error", () => {})
        }
        client.pipe(server)
        if (!this.isEnding) {
            server.pipe(client)
            return
        }
        this.isEnding = false
        const held: Buffer[] = []
        let isReady = false
        server.on("data", (data: Buffer) => {
            held.push(data)
            // ReadyForQuery, of a connection in no transaction, is the last of what it is greeted with.
            if (isReady || !data.subarray(-6).equals(Buffer.from("Z\0\0\0\x05I"))) return
            isReady = true
            void endLeases(this.to.href)
        })
        server.on("end", () => client.end(Buffer.concat(held)))
    }
}

async function endLeases(url: string): Promise<number> {
    const client = new Client({ connectionString: url })
    await client.connect()
    try {
        const { rowCount } = await client.query(
            `SELECT pg_terminate_backend(pid, 5000) FROM (${LEASES}) ended`,
        )
        return rowCount ?? 0
    } finally {
        await client.end()
    }
}

onOnePostgres("the connection that leases numbers", (database) => {
    it("does not end the process, where the server ends it as it is opened", async () => {
        const between = new Between(new URL(database().url))
        const options = { ...(await database().newOptions(1)), url: await between.listen() }
        const dataSource = new DataSource(
            withAutoSequence({ ...options, entities: [Ticket], applicationName: "ended-leases" }),
        )
        try {
            await dataSource.initialize()
            await dataSource.synchronize()
            await installAutoSequence(dataSource)
            const tickets = dataSource.getRepository(Ticket)
            await tickets.save({ desk: 1 })
            expect(await endLeases(database().url)).to.equal(1)

            between.isEnding = true
            const { message } = await rejection(tickets.save({ desk: 1 }))
            expect(message).to.match(/connection/i)
            expect(between.isEnding).to.equal(false)

            await tickets.save({ desk: 1 })
            const stored = await tickets.find({ order: { number: "ASC" } })
            expect(stored.map(({ number }) => number)).to.eql([1, 2])
        } finally {
            await dataSource.destroy()
            between.close()
        }
    })
})
