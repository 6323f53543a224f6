import type { EntityMetadata } from "typeorm"
import { numbers } from "../declared/registry"
import { isOwnColumn } from "./own-columns"
import { seriesOf } from "./resolve-series"
import type { Series } from "./series"

/** By who makes the numbers. */
interface OwnSeries {
    readonly all: readonly Series[]
    readonly allocated: readonly Series[]
    readonly triggered: readonly Series[]
    readonly committed: readonly Series[]
    readonly conditional: readonly Series[]
}

const cache = new WeakMap<EntityMetadata, OwnSeries>()

/** @internal The series that the rows of an entity are numbered by. */
export function ownSeriesOf(metadata: EntityMetadata): readonly Series[] {
    return ownOf(metadata).all
}

/** @internal The series whose numbers this library assigns before the row is inserted. */
export function allocatedSeriesOf(metadata: EntityMetadata): readonly Series[] {
    return ownOf(metadata).allocated
}

/** @internal The series whose numbers the database assigns, by triggers. */
export function triggeredSeriesOf(metadata: EntityMetadata): readonly Series[] {
    return ownOf(metadata).triggered
}

/** @internal The series whose numbers this library assigns before COMMIT. */
export function committedSeriesOf(metadata: EntityMetadata): readonly Series[] {
    return ownOf(metadata).committed
}

/** @internal The series whose numbers this library assigns if a condition (`when`) holds. */
export function conditionalSeriesOf(metadata: EntityMetadata): readonly Series[] {
    return ownOf(metadata).conditional
}

function ownOf(metadata: EntityMetadata): OwnSeries {
    let own = cache.get(metadata)
    if (!own) {
        const all = seriesOf(metadata).filter(({ column }) =>
            isOwnColumn(column, metadata.target, numbers),
        )
        own = {
            all,
            allocated: all.filter(({ strategy }) => strategy !== "trigger"),
            triggered: all.filter(({ strategy }) => strategy === "trigger"),
            committed: all.filter((one) => one.assignsAtCommit && one.strategy !== "trigger"),
            conditional: all.filter((one) => one.when && one.strategy !== "trigger"),
        }
        cache.set(metadata, own)
    }
    return own
}
