import { type EntityMetadata, getMetadataArgsStorage } from "typeorm"
import { isNumberedIn, type Target } from "../registry"
import { seriesOf } from "./resolve-series"
import type { Series } from "./series"

/** By who makes the numbers. */
interface OwnSeries {
    readonly all: readonly Series[]
    readonly allocated: readonly Series[]
    readonly triggered: readonly Series[]
}

const cache = new WeakMap<EntityMetadata, OwnSeries>()

/**
 * The series that the rows of an entity are numbered by. The root of a single-table inheritance has
 * the columns of its children in its metadata as well, but its rows don't have their numbers.
 * @internal
 */
export function ownSeriesOf(metadata: EntityMetadata): readonly Series[] {
    return ownOf(metadata).all
}

/** @internal Those whose numbers this library makes before the row is inserted. */
export function allocatedSeriesOf(metadata: EntityMetadata): readonly Series[] {
    return ownOf(metadata).allocated
}

/** @internal Those whose numbers the database makes. */
export function triggeredSeriesOf(metadata: EntityMetadata): readonly Series[] {
    return ownOf(metadata).triggered
}

function ownOf(metadata: EntityMetadata): OwnSeries {
    let own = cache.get(metadata)
    if (!own) {
        const classes = lineageOf(metadata.target)
        const all = seriesOf(metadata).filter(({ column }) => {
            let embedded = column.embeddedMetadata
            if (!embedded) return isNumberedIn(classes, column.propertyName)
            while (embedded.parentEmbeddedMetadata) embedded = embedded.parentEmbeddedMetadata
            const { propertyName } = embedded
            const declared = getMetadataArgsStorage().embeddeds.filter(
                (args) => args.propertyName === propertyName,
            )
            // Those of an EntitySchema are not kept there.
            return declared.length === 0 || declared.some(({ target }) => classes.includes(target))
        })
        own = {
            all,
            allocated: all.filter(({ strategy }) => strategy !== "trigger"),
            triggered: all.filter(({ strategy }) => strategy === "trigger"),
        }
        cache.set(metadata, own)
    }
    return own
}

function lineageOf(target: Target): Target[] {
    const classes: Target[] = [target]
    if (typeof target !== "function") return classes
    let parent: unknown = Object.getPrototypeOf(target)
    while (typeof parent === "function") {
        classes.push(parent)
        parent = Object.getPrototypeOf(parent)
    }
    return classes
}
