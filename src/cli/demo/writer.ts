import { installAutoSequence } from "../../schema/install/install"
import { CUSTOMERS, type Said, Invoice, loadDriver, openPglite } from "./invoices"

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
        const customer = CUSTOMERS[at % CUSTOMERS.length] ?? ""
        try {
            await dataSource.transaction(async (manager) => {
                const save = () => manager.getRepository(Invoice).save({ customer })
                const first = await save()
                if (at % 4 === 2) throw new Rollback()
                const second = await save()
                if (committed === COMMITS)
                    await untilKilled({ customer, numbers: [first.number, second.number] })
            })
            committed += 1
            say("committed")
        } catch (error) {
            if (!(error instanceof Rollback)) throw error
            say("rolledBack")
        }
    }
}

function say(what: Said): void {
    process.send?.(what)
}

/** Has taken numbers, and does not come to COMMIT. */
function untilKilled(taken: Said): Promise<never> {
    say(taken)
    return new Promise(() => {})
}

// All is loaded while another writer still writes.
loadDriver()
process.once("message", (directory: string) => {
    write(directory).catch((error: unknown) => {
        process.stderr.write(`${String(error)}\n`)
        process.exit(1)
    })
})
// Whoever has started it is gone.
process.once("disconnect", () => process.exit())
