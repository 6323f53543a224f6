import type { DataSource, QueryRunner } from "typeorm"
import type { Strategy } from "../../declared/numbers/strategies"

/** @internal What is wrong with a server, or with how it is used. */
export interface ServerFinding {
    /** A warning is worth a look; everything works all the same. */
    readonly status: "problem" | "warning"
    readonly text: string
    /** What mends it, as SQL; null where the text says what to do. */
    readonly remedy: string | null
}

/** @internal A right on a table; `LOCK` is what strategy `"table-lock"` takes. */
export type TableRight = "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "LOCK"

/** @internal The rights that are needed on a table, and what for. */
export interface TableUse {
    /** As SQL names it. */
    readonly table: string
    /** One of its columns, as SQL names it. */
    readonly column: string
    readonly rights: readonly TableRight[]
}

/** @internal What is asked of a server depends on how rows are numbered. */
export interface Uses {
    readonly strategies: ReadonlySet<Strategy>
}

/** How many connections there may be. */
interface ConnectionLimits {
    /** The largest number that the pool of a process opens. */
    readonly pool: number
    /** How many the server gives to the user. */
    readonly allowed: number
}

/** @internal What `doctor` asks of a server. */
export interface ServerChecks {
    /** What a server of this version is, and the oldest version that is supported. */
    product(version: string): { readonly name: string; readonly oldest: string }
    /** What the server forbids, or does in another way than numbers need it. */
    settings(runner: QueryRunner, uses: Uses): Promise<ServerFinding[]>
    /** What a cluster of servers does to numbers; undefined where the server is in none. */
    cluster(runner: QueryRunner, uses: Uses): Promise<ServerFinding[] | undefined>
    /** The rights that the user of the connection lacks. Nothing is said of tables that are not there. */
    missingRights(runner: QueryRunner, use: TableUse): Promise<TableRight[]>
    /** What keeps the user from making triggers of a table. */
    triggerRights(runner: QueryRunner, table: string): Promise<ServerFinding[]>
    /** What keeps the triggers of a table, which run with the rights of others, from their work. */
    triggerOwners(runner: QueryRunner, table: string, counter: string): Promise<ServerFinding[]>
    /** The unique indexes of a table that the database has given up while it made them. */
    invalidIndexes(runner: QueryRunner, table: string): Promise<string[]>
    /** Undefined where there is no pool. */
    connections(runner: QueryRunner, dataSource: DataSource): Promise<ConnectionLimits | undefined>
}

/** @internal The size of a pool by the options of a data source, in whose driver it has this name. */
export function poolSize({ options }: DataSource, name: string): number {
    const { poolSize: size, extra } = options as {
        poolSize?: number
        extra?: Record<string, unknown>
    }
    // The drivers' own default.
    return Number(extra?.[name] ?? size ?? 10)
}
