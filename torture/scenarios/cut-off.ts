import type { EntityManager } from "typeorm"
import { documents } from "../strategies"
import type { GaleraNode } from "../servers/galera/node"
import type { Violation } from "../judge/violation"
import { newRow, type Scenario } from "./scenario"

const { document } = documents.counter
const CUT_OFF = 1047
/** Of no worker. */
const COMPANY = 9

/**
 * A node that is cut off refuses ROLLBACK as well, and TypeORM gives the connection back to its pool with the
 * transaction open. When the node is back, the next transaction must not commit what is left in it.
 */
export const cutOff: Scenario = {
    name: "a node is cut off in the middle of a transaction",
    async play({ node, dataSource }) {
        const left = newRow(document, COMPANY, "cut-off-1")
        await dataSource
            .transaction(async (manager) => {
                await manager.save(left)
                await node.isolate(true)
                await node.until(({ wsrep_ready: ready }) => ready !== "ON")
                await refuseRollback(manager)
                throw new Error("on purpose")
            })
            .catch((error: unknown) => {
                if ((error as Error).message !== "on purpose") throw error
            })
        await node.isolate(false)
        await node.until(isBack)
        const next = newRow(document, COMPANY, "cut-off-2")
        await dataSource.manager.save(next)
        const stored = await dataSource.manager.findBy(document, { company: COMPANY })
        const tags = stored.map(({ tag, number }) => `${tag} with ${String(number)}`).join(", ")
        const violations: Violation[] = []
        if (left.number !== undefined)
            violations.push({
                text: "the entity shows a number behind a ROLLBACK that was refused",
            })
        if (tags !== "cut-off-2 with 1")
            violations.push({ text: `behind a ROLLBACK that was refused, there is ${tags}` })
        return violations
    },
}

/** As long as the server does so. */
async function refuseRollback({ queryRunner }: EntityManager): Promise<void> {
    const raw = (await queryRunner?.connect()) as { query: Query }
    const error = await new Promise<{ errno?: number } | null>((resolve) => {
        raw.query("ROLLBACK", resolve)
    })
    if (error?.errno !== CUT_OFF)
        throw new Error(`ROLLBACK was answered by ${String(error?.errno)}.`)
}

type Query = (sql: string, done: (error: { errno?: number } | null) => void) => void

function isBack(status: Awaited<ReturnType<GaleraNode["status"]>>): boolean {
    return status.wsrep_ready === "ON" && status.wsrep_cluster_size === "3"
}
