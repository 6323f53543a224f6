import { PGliteDriver } from "typeorm-pglite"

/**
 * PGlite has one connection. The driver hands it to everybody at once, so that the transactions of two
 * requests would be one; here they come one after the other.
 */
export function pgliteDriver(dataDir: string): unknown {
    const { Pool } = new PGliteDriver({ dataDir }).driver

    return {
        Pool: class extends Pool {
            private last = Promise.resolve()

            override async connect(callback: Parameters<InstanceType<typeof Pool>["connect"]>[0]) {
                const before = this.last
                let release!: () => void
                this.last = new Promise((resolve) => (release = resolve))
                await before
                await super.connect((error, client) => {
                    callback(error, client, release)
                })
            }
        },
    }
}
