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
    throw new InvalidOptionError(
        `${caller} was given ${show(nameOfEntity(entity) ?? entity)}, which is not an entity of the data ` +
            "source. " +
            (dataSource.isInitialized ? "Add it to its entities." : "Call initialize() first."),
    )
}

/** @internal The name of an entity that a caller has given, where it has one. */
export function nameOfEntity(entity: unknown): string | undefined {
    if (typeof entity === "string") return entity
    const { name, options } = Object(entity) as { name?: unknown; options?: { name?: unknown } }
    const found = options?.name ?? name
    return typeof found === "string" ? found : undefined
}
