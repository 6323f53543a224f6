import { isDeepStrictEqual } from "node:util"
import { type EntityMetadata, getMetadataArgsStorage } from "typeorm"
import type { Declared, Registry, Target } from "../declared/registry"
import { InvalidOptionError } from "../errors"
import type { ColumnMetadata } from "../typeorm/names"

/**
 * Whether rows of an entity have this column of their metadata. The root of a single-table
 * inheritance has the columns of its children there as well, but its rows don't have their values.
 * @internal
 */
export function isOwnColumn(
    { embeddedMetadata, propertyName }: ColumnMetadata,
    target: Target,
    registry: Registry<Declared>,
): boolean {
    const classes = lineageOf(target)
    let embedded = embeddedMetadata
    if (!embedded) return registry.isDeclaredIn(classes, propertyName)
    while (embedded.parentEmbeddedMetadata) embedded = embedded.parentEmbeddedMetadata
    const { propertyName: outermost } = embedded
    const declared = getMetadataArgsStorage().embeddeds.filter(
        (args) => args.propertyName === outermost,
    )
    // Those of an EntitySchema are not kept there.
    return declared.length === 0 || declared.some((args) => classes.includes(args.target))
}

/**
 * Refuses a declaration that would do nothing: TypeORM takes a property that a class declares again, or several classes
 * of a single-table inheritance, from the first of them.
 * @internal
 */
export function refuseUntakenOptions<T extends Declared>(
    { name, target }: EntityMetadata,
    { embeddedMetadata, propertyName, target: source }: ColumnMetadata,
    registry: Registry<T>,
    optionsOf: (declared: T) => object,
): void {
    const find = (one: Target) => registry.of(one).find((d) => d.propertyName === propertyName)
    const classes = embeddedMetadata ? [] : lineageOf(target)
    const own = classes.map(find).find(Boolean)
    const taken = find(source)
    // A class may declare what a base class numbers as a column without any.
    const isAlike =
        own && taken
            ? isDeepStrictEqual(optionsOf(own), optionsOf(taken)) &&
              isDeepStrictEqual(columnOf(own), columnOf(taken))
            : !own || classes.slice(0, classes.indexOf(own.target)).includes(source)
    if (isAlike) return
    const other = typeof source === "function" ? source.name : source
    throw new InvalidOptionError(
        `${name}.${propertyName} and ${other}.${propertyName} are one column of their table, and their options ` +
            `differ: TypeORM takes the column of ${other}. Declare both alike, or give them names of their own.`,
    )
}

/** What decorators have declared of a column; functions and objects are others for each class. */
function columnOf({ target, propertyName }: Declared): unknown[] {
    const { columns } = getMetadataArgsStorage()
    const args = columns.find((one) => one.target === target && one.propertyName === propertyName)
    return Object.entries(args?.options ?? {})
        .filter(
            ([, value]) => value !== undefined && !["object", "function"].includes(typeof value),
        )
        .sort()
}

/** @internal A class and those that it extends, or the name of an EntitySchema. */
export function lineageOf(target: Target): Target[] {
    const classes: Target[] = [target]
    if (typeof target !== "function") return classes
    let parent: unknown = Object.getPrototypeOf(target)
    while (typeof parent === "function") {
        classes.push(parent)
        parent = Object.getPrototypeOf(parent)
    }
    return classes
}
