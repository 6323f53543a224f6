import {
    createParamDecorator,
    type ExecutionContext,
    Inject,
    Injectable,
    type PipeTransform,
} from "@nestjs/common"
import { ModuleRef } from "@nestjs/core"
import type { EntityTarget, ObjectLiteral } from "typeorm"
import { checkedFind } from "../../keys/find/find-by-pseudo-key"
import { named, rowByKey, type RowByKeyOptions, type Where } from "./row-by-key"
import type { KeyRequest } from "./url-with-key"

/** Options of {@link PseudoKeyParam}. */
export interface PseudoKeyParamOptions<
    Entity extends ObjectLiteral,
> extends RowByKeyOptions<Entity> {
    /**
     * Further conditions on the row, such as its tenant: the conditions themselves, or a function
     * that returns them for a request.
     */
    where?:
        | Where<Entity>
        // Which type a request has is known to the application alone.
        // oxlint-disable-next-line typescript/no-explicit-any
        | ((request: any) => Where<Entity> | Promise<Where<Entity>>)
}

/**
 * The decorator passes the request to its pipe, which could inject it only if it were request-scoped. The
 * request is wrapped in a function so that global pipes don't clone or trim it.
 */
type Asked = () => {
    readonly key: unknown
    readonly request: unknown
    /** GraphQL has no address that could be another one. */
    readonly type: "param" | "custom"
}

/**
 * Passes the row of a route parameter to a handler, like `@Param(name, PseudoKeyPipe(Entity))`, and
 * answers 404 if there is none. It differs in these points:
 *
 * - `where` may be a function of the request. The pipe and controllers are still singletons.
 * - A global `ValidationPipe` ignores it, unless it has `validateCustomDecorators`. With `@Param`,
 *   that pipe validates the raw key as if it were the entity, if the entity has validators.
 * - In a GraphQL resolver it reads an argument. The request is `req` of the context, or the context
 *   itself. Declare the argument in the schema with another `@Args` parameter.
 * - `@nestjs/swagger` doesn't see a parameter. Declare it with `@ApiParam({ name: "key" })`.
 *
 * Errors: those of {@link PseudoKeyPipe}.
 *
 * ```ts
 * import { Controller, Get } from "@nestjs/common"
 * import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
 * import { PseudoKey } from "typeorm-autosequence"
 * import { PseudoKeyParam } from "typeorm-autosequence/nestjs"
 *
 * @Entity()
 * class Ticket {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @Column()
 *     tenantId!: number
 *
 *     @PseudoKey({ prefix: "tck" })
 *     publicId!: string
 * }
 *
 * const TicketByKey = () =>
 *     PseudoKeyParam("key", Ticket, {
 *         where: (request: { tenantId: number }) => ({ tenantId: request.tenantId }),
 *     })
 *
 * @Controller("tickets")
 * export class TicketsController {
 *     @Get(":key")
 *     show(@TicketByKey() { publicId }: Ticket) {
 *         return { publicId }
 *     }
 * }
 * ```
 */
export function PseudoKeyParam<Entity extends ObjectLiteral>(
    name: string,
    entity: EntityTarget<Entity>,
    options: PseudoKeyParamOptions<Entity> = {},
): ParameterDecorator {
    const { where, ...find } = checkedFind("PseudoKeyParam", options)
    const rows = rowByKey("PseudoKeyParam", entity, find)

    @Injectable()
    class Pipe implements PipeTransform<Asked, Promise<Entity>> {
        @Inject(ModuleRef) private readonly modules!: ModuleRef

        onModuleInit(): void {
            rows.check(this.modules)
        }

        async transform(asked: Asked): Promise<Entity> {
            const { key, request, type } = asked()
            const argument = { type, data: name }
            const conditions = await conditionsOf(where, request)
            return rows.find(this.modules, { key, argument, where: conditions })
        }
    }
    const decorator = createParamDecorator((_: unknown, context: ExecutionContext): Asked => {
        if (context.getType<string>() === "graphql") return () => inGraphQL(context, name)
        const request = context.switchToHttp().getRequest<KeyRequest>()
        return () => ({ key: request.params[name], request, type: "param" })
    })
    return decorator(name, named(Pipe, rows.name))
}

/** What a resolver is called with: the parent, the arguments, and the context, which has the request by custom. */
function inGraphQL(context: ExecutionContext, name: string): ReturnType<Asked> {
    const [, given, own] = context.getArgs<[unknown, unknown, unknown]>()
    const { req: request = own } = Object(own) as { req?: unknown }
    return { key: (Object(given) as Record<string, unknown>)[name], request, type: "custom" }
}

async function conditionsOf<Entity extends ObjectLiteral>(
    where: PseudoKeyParamOptions<Entity>["where"],
    request: unknown,
): Promise<Where<Entity> | undefined> {
    if (typeof where !== "function") return where
    // Nothing is refused further on, as it is no tenant; undefined would stand for no condition.
    return (await where(request)) ?? (null as never)
}
