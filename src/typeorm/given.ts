import {
    type DataSource,
    type EntityManager,
    type EntityMetadata,
    type EntityTarget,
    InstanceChecker,
    type ObjectLiteral,
    type QueryRunner,
} from "typeorm"
import { show } from "../declared/show"
import { InvalidOptionError } from "../errors"
import { dataSourceOf } from "./compat"

// For callers whom no compiler has told: a TypeError from the middle of this library helps nobody.

/** @internal Refuses options that are none. */
export function refuseNoObject(caller: string, what: string, value: unknown): void {
    if (typeof value !== "object" || value === null)
        throw new InvalidOptionError(`${caller}: ${what} is ${show(value)}, give an object.`)
}

type Given = DataSource | EntityManager | QueryRunner

/** @internal The data source that a caller has given, maybe by its manager. */
export function givenDataSource(caller: string, given: Given): DataSource {
    for (const one of [given, dataSourceOf(Object(given) as object)])
        if (InstanceChecker.isDataSource(one)) return one
    throw new InvalidOptionError(`${caller} was given ${show(given)}, give a DataSource.`)
}

/** @internal The metadata of an entity that a caller has given. */
export function givenEntity(
    caller: string,
    given: Given,
    entity: EntityTarget<ObjectLiteral>,
): EntityMetadata {
    const dataSource = givenDataSource(caller, given)
    if (dataSource.hasMetadata(entity)) return dataSource.getMetadata(entity)
    const name = (Object(entity) as { name?: unknown }).name ?? entity
    throw new InvalidOptionError(
        `${caller} was given ${show(name)}, which is no entity of the data source. ` +
            (dataSource.isInitialized ? "Add it to its entities." : "Call initialize() first."),
    )
}
