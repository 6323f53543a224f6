import { type ArgumentMetadata, NotFoundException, type Type } from "@nestjs/common"
import type { ModuleRef } from "@nestjs/core"
import type { EntityTarget, FindOptionsWhere, ObjectLiteral } from "typeorm"
import { NotInstalledError } from "../../errors"
import type { PropertyPath } from "../../keys/property-path"
import { resolvePseudoKey, type ResolvePseudoKeyOptions } from "../../keys/find/resolve-pseudo-key"
import type { Preparation } from "../module/preparation"
import { RetiredKeyException } from "./retired-keys"
import { preparationToken } from "../module/tokens"

type Where<Entity> = FindOptionsWhere<Entity> | FindOptionsWhere<Entity>[]
type Conditions<Entity> = Where<Entity> | Promise<Where<Entity>>

/** What {@link PseudoKeyPipe} takes: TypeORM's options for `findOne`, and these. */
export interface PseudoKeyPipeOptions<Entity extends ObjectLiteral> extends Omit<
    ResolvePseudoKeyOptions<Entity>,
    "entity" | "property" | "where"
> {
    /**
     * What the row has to meet as well, as its tenant: the conditions, or a function that makes them
     * of the request. With a function, the pipe and the controllers that use it are made for each
     * request.
     */
    where?:
        | Where<Entity>
        // Which type a request has is known to the application alone.
        // eslint-disable-next-line @typescript-eslint/no-explicit-any
        | ((request: any) => Conditions<Entity>)

    /** The key's property, where the entity has several keys without a prefix. */
    property?: PropertyPath<Entity>

    /**
     * Whether a key that the row no longer has leads to it.
     *
     * Default is `true`.
     */
    retired?: boolean

    /**
     * `false` gives the handler the row of a retired key where the application redirects. GraphQL and
     * messages, which have no address to redirect to, give it anyway.
     */
    redirect?: false

    /**
     * Whether the parameter may be missing; the handler then gets `undefined`, or `null`.
     *
     * Default is `false`.
     */
    optional?: boolean

    /**
     * Makes what is thrown where there is no row.
     *
     * Default is a `NotFoundException`.
     */
    exceptionFactory?: () => unknown

    /**
     * The name of the data source.
     *
     * Default is the data source without a name.
     */
    dataSource?: string
}

/** @internal How a handler asks for a row. */
export interface AskedKey {
    readonly key: unknown
    /** Where the key was found. */
    readonly argument: ArgumentMetadata
    /** What a `where` that is a function is called with. */
    readonly request: unknown
}

/** @internal Finds rows as the options say. */
export interface RowByKey<Entity extends ObjectLiteral> {
    /** For errors, and for the class of a pipe. */
    readonly name: string
    find(modules: ModuleRef, asked: AskedKey): Promise<Entity>
}

/** @internal */
export function rowByKey<Entity extends ObjectLiteral>(
    decorator: string,
    entity: EntityTarget<Entity>,
    options: Omit<PseudoKeyPipeOptions<Entity>, "optional">,
): RowByKey<Entity> {
    const { where, property, retired, redirect, exceptionFactory, dataSource, ...find } = options
    const name = `${decorator}(${nameOf(entity)})`
    const token = preparationToken(dataSource)
    return {
        name,
        async find(modules, { key, argument, request }) {
            const { dataSource: target, options: all } = findPreparation(modules, token, name)
            const found = await resolvePseudoKey<Entity>(target, key as string, {
                ...find,
                entity,
                property,
                where: await conditionsOf(where, request),
            })
            if (!found || (found.isRetired && retired === false))
                throw exceptionFactory ? exceptionFactory() : new NotFoundException()
            const isRedirected = redirect !== false && all.redirectRetiredKeys
            if (found.isRetired && isRedirected && isInAddress(argument))
                throw new RetiredKeyException(found.key, argument)
            return found.row
        },
    }
}

async function conditionsOf<Entity extends ObjectLiteral>(
    where: PseudoKeyPipeOptions<Entity>["where"],
    request: unknown,
): Promise<Where<Entity> | undefined> {
    if (typeof where !== "function") return where
    const conditions = await (where as (request: unknown) => Conditions<Entity>)(request)
    // Nothing is refused here, as it is no tenant, and stands for no condition elsewhere.
    return conditions ?? (null as never)
}

/** @internal Nest shows the names of classes in its errors. */
export function named<Class extends Type<unknown>>(pipe: Class, name: string): Class {
    return Object.defineProperty(pipe, "name", { value: name })
}

function nameOf<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>): string {
    if (typeof entity === "string") return entity
    if (typeof entity === "function") return entity.name
    return "options" in entity ? entity.options.name : entity.name
}

function findPreparation(modules: ModuleRef, token: string, pipe: string): Preparation {
    try {
        return modules.get<Preparation>(token, { strict: false })
    } catch (cause) {
        throw new NotInstalledError(
            `${pipe} knows no data source. Import ${token} in the module of the application.`,
            { cause },
        )
    }
}

/** A key that is in the body of a request has no address that could be another one. */
function isInAddress({ type, data }: ArgumentMetadata): boolean {
    return data !== undefined && (type === "param" || type === "query")
}
