import {
    type ArgumentMetadata,
    Inject,
    Injectable,
    type PipeTransform,
    Scope,
    type Type,
} from "@nestjs/common"
import { ModuleRef, REQUEST } from "@nestjs/core"
import type { EntityTarget, ObjectLiteral } from "typeorm"
import { named, type PseudoKeyPipeOptions, rowByKey } from "./row-by-key"

type KeyPipe<Entity> = PipeTransform<unknown, Promise<Entity | null | undefined>>

/**
 * Turns a parameter of a route, or of the query, into the row that has it as its pseudo key, and
 * answers 404 where there is none. A text that can't be a key is answered in the same way.
 *
 * Each call makes a class. Keep it in a constant for Nest's `overridePipe()`.
 *
 * Errors: a `NotFoundException`; {@link RetiredKeyException} for a retired key, where the application
 * redirects; those of {@link findByPseudoKey}.
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
    const { optional, ...find } = options
    const rows = rowByKey("PseudoKeyPipe", entity, find)

    @Injectable()
    class Pipe implements KeyPipe<Entity> {
        @Inject(ModuleRef) private readonly modules!: ModuleRef

        async transform(key: unknown, argument: ArgumentMetadata) {
            if (optional && (key === undefined || key === null)) return key
            return rows.find(this.modules, { key, argument, request: this.request })
        }

        protected get request(): unknown {
            return undefined
        }
    }
    if (typeof find.where !== "function") return named(Pipe, rows.name)

    @Injectable({ scope: Scope.REQUEST })
    class PipeOfRequest extends Pipe {
        @Inject(REQUEST) private readonly current: unknown

        protected override get request(): unknown {
            return this.current
        }
    }
    return named(PipeOfRequest, rows.name)
}
