import {
    type ArgumentMetadata,
    Inject,
    Injectable,
    type PipeTransform,
    type Type,
} from "@nestjs/common"
import { ModuleRef } from "@nestjs/core"
import type { EntityTarget, ObjectLiteral } from "typeorm"
import { checkedFind } from "../../keys/find/find-by-pseudo-key"
import { InvalidOptionError } from "../../errors"
import { named, rowByKey, type RowByKeyOptions, type Where } from "./row-by-key"

/** Options of {@link PseudoKeyPipe}. */
export interface PseudoKeyPipeOptions<
    Entity extends ObjectLiteral,
> extends RowByKeyOptions<Entity> {
    /**
     * Further conditions on the row. For conditions that depend on the request, use
     * {@link PseudoKeyParam}.
     */
    where?: Where<Entity>

    /**
     * Whether the parameter may be missing. The handler then gets `undefined` or `null`.
     *
     * Default: `false`.
     */
    optional?: boolean
}

type KeyPipe<Entity> = PipeTransform<unknown, Promise<Entity | null | undefined>>

/**
 * Turns a route or query parameter into the row that has it as its pseudo key, and answers 404 if
 * there is none. A string that can't be a key gets the same answer.
 *
 * Each call creates a class. Keep it in a constant for Nest's `overridePipe()`.
 *
 * Errors: {@link InvalidOptionError} for a `where` that is a function; a `NotFoundException`;
 * {@link RetiredKeyException} for a retired key, if the application redirects; those of
 * {@link findByPseudoKey}.
 *
 * ```ts
 * import { Controller, Get, Param } from "@nestjs/common"
 * import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
 * import { PseudoKey } from "typeorm-autosequence"
 * import { PseudoKeyPipe } from "typeorm-autosequence/nestjs"
 *
 * @Entity()
 * class Article {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @Column()
 *     title!: string
 *
 *     @PseudoKey({ prefix: "art" })
 *     publicId!: string
 * }
 *
 * @Controller("articles")
 * export class ArticlesController {
 *     @Get(":key")
 *     show(@Param("key", PseudoKeyPipe(Article)) { title, publicId }: Article) {
 *         return { title, publicId }
 *     }
 * }
 * ```
 */
export function PseudoKeyPipe<Entity extends ObjectLiteral>(
    entity: EntityTarget<Entity>,
    options: PseudoKeyPipeOptions<Entity> = {},
): Type<PipeTransform<unknown, Promise<Entity | null | undefined>>> {
    const { optional, where, ...find } = checkedFind("PseudoKeyPipe", options)
    const rows = rowByKey("PseudoKeyPipe", entity, find)
    // Rows of others would be found where the conditions were left out.
    if (typeof where === "function")
        throw new InvalidOptionError(
            `${rows.name}: where is a function. Use @PseudoKeyParam, whose conditions can depend on the request.`,
        )

    @Injectable()
    class Pipe implements KeyPipe<Entity> {
        @Inject(ModuleRef) private readonly modules!: ModuleRef

        onModuleInit(): void {
            rows.check(this.modules)
        }

        async transform(key: unknown, argument: ArgumentMetadata) {
            if (optional && (key === undefined || key === null)) return key
            if (optional && isMadeOfNothing(key, argument)) return undefined
            return rows.find(this.modules, { key, argument, where })
        }
    }
    return named(Pipe, rows.name)
}

/** Whether a ValidationPipe that transforms was given no value for a parameter of this class. */
function isMadeOfNothing(key: unknown, { metatype }: ArgumentMetadata): boolean {
    const isOfClass = metatype !== undefined && key instanceof metatype
    return isOfClass && Object.values(key as object).every((value) => value === undefined)
}
