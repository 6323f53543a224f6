import { dataSourceFor } from "../data-source"
import type { Violation } from "../judge/violation"
import type { TortureName } from "../strategies"
import type { GaleraServer } from "../servers/galera/start"
import { cutOff } from "./cut-off"
import { repeatedInsert } from "./repeated-insert"
import { refusedSave } from "./refused-save"

const SCENARIOS = [refusedSave, cutOff, repeatedInsert]
const STRATEGIES = ["counter", "trigger"] as const

/** Plays all of them where their tables are, and returns what was wrong. */
export async function playScenarios(
    { cluster, connections }: GaleraServer,
    names: readonly TortureName[],
): Promise<Violation[]> {
    if (!STRATEGIES.every((name) => names.includes(name))) return []
    const [connection, another] = connections
    const [node] = cluster.nodes
    if (!another || !node) throw new Error("There are not two nodes.")
    const dataSource = await dataSourceFor(connection, STRATEGIES, 1).initialize()
    const other = await dataSourceFor(another, STRATEGIES, 1).initialize()
    const violations: Violation[] = []
    try {
        for (const scenario of SCENARIOS) {
            const found = await scenario.play({ node, dataSource, other })
            violations.push(...found.map(({ text }) => ({ text: `${scenario.name}: ${text}` })))
            console.log(`galera: ${scenario.name}: ${found.length === 0 ? "right" : "WRONG"}`)
            await cluster.settle()
        }
    } finally {
        await dataSource.destroy()
        await other.destroy()
    }
    return violations
}
