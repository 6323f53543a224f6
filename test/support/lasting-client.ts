import { Client, type ClientConfig } from "pg"

/** So many of them wait at most: servers have a limit, and two test runs share one. */
const MOST = 24

const waiting: LastingClient[] = []
let isOver = false

/**
 * A connection that the next pool goes on with when its own ends. To start one, and to fill its caches,
 * takes PostgreSQL longer than most tests. Nothing of a session is left to the next.
 */
export class LastingClient extends Client {
    private readonly place!: string
    private isConnected = false

    constructor(config: ClientConfig = {}) {
        const place = placeOf(config)
        const at = waiting.findIndex((client) => client.place === place)
        const [client] = at === -1 ? [] : waiting.splice(at, 1)
        if (client) return client.removeAllListeners()
        super(config)
        this.place = place
    }

    override connect(): Promise<this>
    override connect(done: (error?: Error) => void): void
    /** What pools call has a callback. */
    override connect(done?: (error?: Error) => void): unknown {
        if (!done) return super.connect()
        if (this.isConnected) return process.nextTick(done)
        super.connect((error?: Error) => {
            this.isConnected = !error
            done(error)
        })
    }

    override end(): Promise<void>
    override end(done: (error?: Error) => void): void
    override end(done?: (error?: Error) => void): unknown {
        if (!done) return super.end()
        // It is refused in a transaction, and by what isn't connected.
        this.query("DISCARD ALL", (error) => {
            if ((error as unknown) || isOver) return super.end(done)
            this.removeAllListeners().on("error", () => {
                this.leave()
            })
            // The one that was used last has what comes next in its caches.
            waiting.unshift(this)
            if (waiting.length > MOST) void waiting.at(-1)?.stop()
            done()
        })
    }

    private leave(): void {
        const at = waiting.indexOf(this)
        if (at !== -1) waiting.splice(at, 1)
    }

    private async stop(): Promise<void> {
        this.leave()
        await super.end()
    }

    /** Ends all that wait, and has no other wait. */
    static async stop(): Promise<void> {
        isOver = true
        await Promise.all([...waiting].map((client) => client.stop()))
    }
}

function placeOf({ connectionString, application_name, ...rest }: ClientConfig): string {
    const { host, port, user, database, ssl, options, statement_timeout } = rest
    const parts = { connectionString, application_name, host, port, user, database, ssl, options }
    return JSON.stringify({ ...parts, statement_timeout })
}
