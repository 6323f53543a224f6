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
    readonly dated: readonly Series[]
    readonly framed: readonly Series[]
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

/** @internal Of those that this library assigns, the series that count by the period of a date. */
export function datedSeriesOf(metadata: EntityMetadata): readonly Series[] {
    return ownOf(metadata).dated
}

/** @internal Of those that this library assigns, the series whose numbers are shown in texts. */
export function framedSeriesOf(metadata: EntityMetadata): readonly Series[] {
    return ownOf(metadata).framed
}

function ownOf(metadata: EntityMetadata): OwnSeries {
    let own = cache.get(metadata)
    if (!own) {
        const all = seriesOf(metadata).filter(({ column }) =>
            isOwnColumn(column, metadata.target, numbers),
        )
        const allocated = all.filter(({ strategy }) => strategy !== "trigger")
        own = {
            all,
            allocated,
            triggered: all.filter(({ strategy }) => strategy === "trigger"),
            committed: allocated.filter(({ assignsAtCommit }) => assignsAtCommit),
            conditional: allocated.filter(({ when }) => when),
            dated: allocated.filter(({ period }) => period),
            framed: allocated.filter(({ documents }) => documents.length > 0),
        }
        cache.set(metadata, own)
    }
    return own
}
