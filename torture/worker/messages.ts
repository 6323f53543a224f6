import type { DataSourceOptions } from "typeorm"
import type { TortureName } from "../strategies"

/** What a worker is started with, as JSON in its first argument. */
export interface WorkerOptions {
    /** Begins the names of its attempts; another one for each process. */
    readonly name: string
    readonly seed: number
    readonly connection: DataSourceOptions
    readonly connections: number
    readonly names: readonly TortureName[]
    readonly log: string
    readonly hasTimeouts: boolean
}

/** What it is told meanwhile: to do more at once than its pool has connections, or to end. */
export type Order = "crowd" | "stop"

/** What it tells, once in a while and at its end. Everything since the last time. */
export interface Tally {
    readonly operations: Readonly<Record<string, number>>
    readonly transactions: number
    /** By what they are told by. */
    readonly errors: Readonly<Record<string, number>>
    /** Of those that nobody should see, with their texts. */
    readonly unexpected: readonly string[]
    /** How long the slowest transaction took, in milliseconds. */
    readonly slowest: number
}
