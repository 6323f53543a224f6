import { setTimeout } from "node:timers/promises"
import type { Random } from "../../random"
import type { Cluster } from "../server"
import type { GaleraNode, NodeStatus } from "./node"

/** What can be done to several nodes. */
export class GaleraCluster implements Cluster {
    private restarts = 0
    /** What nodes have done that they should not. */
    readonly wrong: string[] = []

    constructor(readonly nodes: readonly GaleraNode[]) {}

    /** Kills one node after the other, so that the others are there to agree. */
    async restart(): Promise<void> {
        const node = this.at((this.restarts += 1))
        await node.kill()
        // Once in a while it has lost its files as well.
        await node.join({ isEmpty: this.restarts % 3 === 0 })
        await this.settle()
    }

    async partition(random: Random): Promise<string> {
        const node = random.pick(this.nodes)
        const way = random.pick(
            node.canBeUnplugged ? CUTS : CUTS.filter(({ needsCable }) => !needsCable),
        )
        await way.cut(node, true)
        // Some are over before the others have noticed.
        await setTimeout(random.between(300, 8000))
        await way.cut(node, false)
        await this.settle()
        return way.name
    }

    async loseQuorum(random: Random): Promise<void> {
        const rest = random.pick(this.nodes)
        const others = this.nodes.filter((node) => node !== rest)
        await Promise.all(others.map((node) => node.kill()))
        await rest.until(({ wsrep_cluster_status: status }) => status !== "Primary")
        await rest.setProvider("pc.bootstrap=YES")
        await rest.until(({ wsrep_ready: ready }) => ready === "ON")
        for (const node of others) await node.join()
        await this.settle()
    }

    async restartAll(): Promise<void> {
        await Promise.all(this.nodes.map((node) => node.kill()))
        const positions = await Promise.all(this.nodes.map((node) => node.position()))
        const numbers = positions.map((position) => position?.number ?? -1)
        const newest = this.at(numbers.indexOf(Math.max(...numbers)))
        await newest.begin()
        for (const node of this.nodes) if (node !== newest) await node.join()
        await this.settle()
    }

    /** Resolves when all nodes agree again; a node that has ended by itself is wrong, and joins them anew. */
    async settle(): Promise<void> {
        for (const [at, node] of this.nodes.entries()) {
            await this.revive(node, at)
            await node.until(isSynced(this.nodes.length)).catch(async (error: unknown) => {
                this.wrong.push(`Node ${at}: ${String(error)}`)
                await node.kill()
                await node.join()
            })
        }
    }

    /** Resolves when nobody writes any more, and each node has applied all that was written. */
    async applied(): Promise<void> {
        await this.settle()
        const [first, ...others] = this.nodes
        const committed = (await first?.status())?.wsrep_last_committed
        for (const node of others)
            await node.until(({ wsrep_last_committed: last }) => last === committed)
    }

    async stop(): Promise<void> {
        for (const node of this.nodes) await node.stop()
    }

    private async revive(node: GaleraNode, at: number): Promise<void> {
        const { lastWords } = node
        if (lastWords === undefined) return
        this.wrong.push(`Node ${at} has ended by itself: ${lastWords}`)
        await node.join()
    }

    private at(at: number): GaleraNode {
        const node = this.nodes[at % this.nodes.length]
        if (!node) throw new Error("There is no node.")
        return node
    }
}

function isSynced(size: number): (status: NodeStatus) => boolean {
    return (status) =>
        status.wsrep_ready === "ON" &&
        status.wsrep_cluster_status === "Primary" &&
        status.wsrep_local_state_comment === "Synced" &&
        status.wsrep_cluster_size === String(size)
}

interface Cut {
    readonly name: string
    readonly needsCable?: boolean
    cut(node: GaleraNode, isCut: boolean): Promise<void> | void
}

/** Ways in which a node is kept from the others. */
const CUTS: readonly Cut[] = [
    {
        name: "unplugged",
        needsCable: true,
        cut: (node, isCut) => {
            node.plug(!isCut)
        },
    },
    { name: "isolated", cut: (node, isCut) => node.isolate(isCut) },
    {
        name: "stopped",
        cut: (node, isCut) => {
            node.freeze(isCut)
        },
    },
]
