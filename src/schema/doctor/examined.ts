import type { DataSource, EntityMetadata, QueryRunner } from "typeorm"
import type { Strategy } from "../../declared/numbers/strategies"
import type { Dialect } from "../../dialects/dialect"
import type { Uses } from "../../dialects/server/server-checks"
import { pseudoKeysOf } from "../../keys/resolve-keys"
import { seriesOf } from "../../series/resolve-series"
import type { Series } from "../../series/series"
import { servedEntities } from "../plan/inventory"

/** @internal The data source, connection and server that the doctor examines. */
export interface Examined extends Uses {
    readonly dataSource: DataSource
    readonly dialect: Dialect
    /** A connection to the master. */
    readonly runner: QueryRunner
    /** The version of the server. */
    readonly version: string
    readonly series: readonly Series[]
    /** The entities that have tables with numbers or keys. */
    readonly served: readonly EntityMetadata[]
    /** How many columns have keys. */
    readonly keys: number
}

/** @internal */
export function examine(
    dataSource: DataSource,
    found: Pick<Examined, "dialect" | "runner" | "version">,
): Examined {
    const served = servedEntities(dataSource)
    const series = served.flatMap(seriesOf)
    const keys = dataSource.entityMetadatas
        .filter(({ tableType }) => tableType !== "entity-child")
        .map(pseudoKeysOf)
        .reduce((sum, { stored, sealed }) => sum + stored.length + sealed.length, 0)
    const strategies = new Set<Strategy>(series.map(({ strategy }) => strategy))
    return { ...found, dataSource, served, series, keys, strategies }
}

/** @internal `1 table`, `2 tables` */
export function count(number: number, noun: string): string {
    return `${number} ${noun}${number === 1 ? "" : "s"}`
}
