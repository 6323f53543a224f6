import type { DataSource } from "typeorm"
import type { Violation } from "../judge/violation"
import type { GaleraNode } from "../servers/galera/node"

/** Where it is played: data sources with one connection each, to a node and to another one. */
export interface Stage {
    readonly node: GaleraNode
    readonly dataSource: DataSource
    readonly other: DataSource
}

/** How a node says that another one was faster. */
export const CONFLICT = 1213

/** What faults would meet by chance alone, step by step on a cluster at rest. */
export interface Scenario {
    readonly name: string
    /** Returns what was wrong. */
    play(stage: Stage): Promise<readonly Violation[]>
}

export function newRow<Row extends object>(
    entity: new () => Row,
    company: number,
    tag: string,
): Row {
    return Object.assign(new entity(), { tag, company })
}
