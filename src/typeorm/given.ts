import {
    type DataSource,
    EntityManager,
    type EntityMetadata,
    type EntityTarget,
    InstanceChecker,
    type ObjectLiteral,
    type QueryRunner,
    type Repository,
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

/** @internal What a caller has given to a look-up: the entity by its repository, or by a manager and its target. */
export function givenLookUp(
    caller: string,
    [target, ...given]: readonly unknown[],
): { manager: EntityManager; metadata: EntityMetadata; key: unknown; options: object } {
    if (!(target instanceof EntityManager) && "metadata" in Object(target)) {
        const { manager, metadata } = target as Repository<ObjectLiteral>
        const [key, options = {}] = given as [unknown, object?]
        return { manager, metadata, key, options }
    }
    const manager = target as EntityManager
    const [entity, key, options = {}] = given as [EntityTarget<ObjectLiteral>, unknown, object?]
    return { manager, metadata: givenEntity(caller, manager, entity), key, options }
}

/** @internal What a caller's condition has for a property; it is no row that the entity's own way to read one fits. */
export function valueAt(where: object, path: string): unknown {
    return path.split(".").reduce<unknown>((at, name) => (Object(at) as ObjectLiteral)[name], where)
}

/** @internal An object with a value at a path; what lies on the way is copied. */
export function withValueAt(object: ObjectLiteral, path: string, value: unknown): ObjectLiteral {
    const [name = "", ...rest] = path.split(".")
    if (rest.length === 0) return { ...object, [name]: value }
    const inner = Object(object[name] ?? {}) as ObjectLiteral
    return { ...object, [name]: withValueAt(inner, rest.join("."), value) }
}

/** @internal The name of an entity that a caller has given, where it has one. */
export function nameOfEntity(entity: unknown): string | undefined {
    if (typeof entity === "string") return entity
    const { name, options } = Object(entity) as { name?: unknown; options?: { name?: unknown } }
    const found = options?.name ?? name
    return typeof found === "string" ? found : undefined
}
