import { type EntityMetadata, getMetadataArgsStorage } from "typeorm"
import { isNumberedIn, type Target } from "../registry"
import { seriesOf } from "./resolve-series"
import type { Series } from "./series"

const cache = new WeakMap<EntityMetadata, readonly Series[]>()

/**
 * The series that the rows of an entity are numbered by. The root of a single-table inheritance has
 * the columns of its children in its metadata as well, but its rows don't have their numbers.
 * @internal
 */
export function ownSeriesOf(metadata: EntityMetadata): readonly Series[] {
    let series = cache.get(metadata)
    if (!series) {
        const classes = lineageOf(metadata.target)
        series = seriesOf(metadata).filter(({ column }) => {
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
        cache.set(metadata, series)
    }
    return series
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
