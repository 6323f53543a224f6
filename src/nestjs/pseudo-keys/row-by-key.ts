import { type ArgumentMetadata, Logger, NotFoundException, type Type } from "@nestjs/common"
import type { ModuleRef } from "@nestjs/core"
import type { EntityTarget, FindOptionsWhere, ObjectLiteral } from "typeorm"
import { FLAG, FUNCTION, TEXT, refuseWrong, refuserOf } from "../../declared/options"
import { nameOfEntity } from "../../typeorm/given"
import { show } from "../../declared/show"
import { NotInstalledError, InvalidOptionError } from "../../errors"
import type { PropertyPath } from "../../keys/property-path"
import { resolvePseudoKey, type ResolvePseudoKeyOptions } from "../../keys/find/resolve-pseudo-key"
import type { Preparation } from "../module/preparation"
import { testRowOf } from "./test-keys"
import { RetiredKeyException } from "./retired-keys"
import { preparationToken } from "../module/tokens"

/** Conditions as `findBy` takes them. */
export type Where<Entity> = FindOptionsWhere<Entity> | FindOptionsWhere<Entity>[]

/**
 * Options of {@link PseudoKeyPipe} and {@link PseudoKeyParam}: TypeORM's options for `findOne`, and
 * these.
 */
export interface RowByKeyOptions<Entity extends ObjectLiteral> extends Omit<
    ResolvePseudoKeyOptions<Entity>,
    "entity" | "property" | "where"
> {
    /** The property of the key, if the entity has several keys without a prefix. */
    property?: PropertyPath<Entity>

    /**
     * Whether a retired key finds its row.
     *
     * Default: `true`.
     */
    retired?: boolean

    /**
     * `false` passes the row of a retired key to the handler even if the application redirects.
     * GraphQL and messages, which have no address to redirect to, always do.
     */
    redirect?: false

    /**
     * Returns the error to throw if there is no row.
     *
     * Default: a `NotFoundException`.
     */
    exceptionFactory?: () => unknown

    /**
     * The name of the data source.
     *
     * Default: the data source without a name.
     */
    dataSource?: string
}

/** @internal How a handler asks for a row. */
export interface AskedKey<Entity extends ObjectLiteral> {
    readonly key: unknown
    /** Where the key was found. */
    readonly argument: ArgumentMetadata
    /** What the row has to meet as well. */
    readonly where?: Where<Entity>
}

/** @internal Finds rows as the options say. */
export interface RowByKey<Entity extends ObjectLiteral> {
    /** For errors, and for the class of a pipe. */
    readonly name: string
    find(modules: ModuleRef, asked: AskedKey<Entity>): Promise<Entity>
    /**
     * Checks at startup: refuses if there is no data source, and only warns if it lacks the entity, because a test
     * may have replaced it.
     */
    check(modules: ModuleRef): void
}

const FORMS = {
    redirect: FLAG,
    exceptionFactory: FUNCTION,
    dataSource: TEXT,
}

/** @internal */
export function rowByKey<Entity extends ObjectLiteral>(
    decorator: string,
    entity: EntityTarget<Entity>,
    options: RowByKeyOptions<Entity>,
): RowByKey<Entity> {
    const entityName = nameOfEntity(entity)
    if (entityName === undefined)
        throw new InvalidOptionError(
            `${decorator} was given ${show(entity)}, which is not an entity.`,
        )
    const name = `${decorator}(${entityName})`
    refuseWrong<object>(options, FORMS, refuserOf(name))
    const { property, retired, redirect, exceptionFactory, dataSource, ...find } = options
    const token = preparationToken(dataSource)
    return {
        name,
        check(modules) {
            if (testRowOf(modules, entity)) return
            const { dataSource: target } = findPreparation(modules, token, name)
            if (target.isInitialized && !target.hasMetadata(entity))
                new Logger("AutoSequenceModule").warn(
                    `${name}: the data source ${dataSource ?? "without a name"} doesn't have this entity. Name the one ` +
                        "that has it with { dataSource }.",
                )
        },
        async find(modules, { key, argument, where }) {
            const testRow = testRowOf(modules, entity)
            if (testRow) {
                const row = await testRow(key as string)
                if (row) return row as Entity
                throw exceptionFactory ? exceptionFactory() : new NotFoundException()
            }
            const { dataSource: target, options: all } = findPreparation(modules, token, name)
            const found = await resolvePseudoKey<Entity>(target, key as string, {
                ...find,
                entity,
                property,
                where,
            })
            if (!found || (found.isRetired && retired === false))
                throw exceptionFactory ? exceptionFactory() : new NotFoundException()
            const isRedirected = redirect !== false && all.redirectRetiredKeys
            // A row without a key has no other address.
            if (found.isRetired && found.key && isRedirected && isInAddress(argument))
                throw new RetiredKeyException(found.key, argument)
            return found.row
        },
    }
}

/** @internal Nest shows the names of classes in its errors. */
export function named<Class extends Type<unknown>>(pipe: Class, name: string): Class {
    return Object.defineProperty(pipe, "name", { value: name })
}

function findPreparation(modules: ModuleRef, token: string, pipe: string): Preparation {
    try {
        return modules.get<Preparation>(token, { strict: false })
    } catch (cause) {
        throw new NotInstalledError(
            `${pipe} finds no data source. Import ${token} in the root module of the application.`,
            { cause },
        )
    }
}

/** A key that is in the body of a request has no address that could be another one. */
function isInAddress({ type, data }: ArgumentMetadata): boolean {
    return data !== undefined && (type === "param" || type === "query")
}
