import { installAutoSequence } from "../../schema/install/install"
import { CUSTOMERS, Invoice, openPglite } from "./invoices"

const COMMITS = 40

class Rollback extends Error {}

/** Inserts invoices without an end, and rolls every fourth transaction back, until it is killed. */
async function write(directory: string): Promise<void> {
    const dataSource = openPglite(directory)
    await dataSource.initialize()
    const runner = dataSource.createQueryRunner()
    const isThere = await runner.hasTable("invoice")
    await runner.release()
    if (!isThere) {
        await dataSource.synchronize()
        await installAutoSequence(dataSource)
    }
    for (let [at, committed] = [0, 0]; ; at++) {
        const customer = CUSTOMERS[at % CUSTOMERS.length]
        try {
            await dataSource.transaction(async (manager) => {
                await manager.getRepository(Invoice).save({ customer })
                if (at % 4 === 2) throw new Rollback()
                await manager.getRepository(Invoice).save({ customer })
                if (committed === COMMITS) await untilKilled()
            })
            committed += 1
            process.send?.({ kind: "committed" })
        } catch (error) {
            if (!(error instanceof Rollback)) throw error
            process.send?.({ kind: "rolledBack" })
        }
    }
}

/** Has taken numbers, and does not come to COMMIT. */
function untilKilled(): Promise<never> {
    process.send?.({ kind: "writing" })
    return new Promise(() => {})
}

write(process.argv[2] ?? "").catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(1)
})
