import type { Provider } from "@nestjs/common"
import type { ModuleRef } from "@nestjs/core"
import type { EntityTarget, ObjectLiteral } from "typeorm"

const TOKEN = "typeorm-autosequence.test-keys"

/** For {@link provideTestKeys}: returns the row of a key, or nothing if there is none. */
export type TestRow<Entity extends ObjectLiteral = ObjectLiteral> = (
    key: string,
) => Entity | null | undefined | Promise<Entity | null | undefined>

/**
 * For tests of controllers without a database: `PseudoKeyPipe` and `@PseudoKeyParam` call these
 * functions for the rows of these entities, and answer 404, or throw what `exceptionFactory` makes,
 * if they return none. Conditions and other options are ignored.
 *
 * ```ts
 * import { Test } from "@nestjs/testing"
 * import { Entity, PrimaryGeneratedColumn } from "typeorm"
 * import { PseudoKey } from "typeorm-autosequence"
 * import { provideTestKeys } from "typeorm-autosequence/nestjs"
 *
 * @Entity()
 * class Ticket {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @PseudoKey({ prefix: "tck" })
 *     publicId!: string
 * }
 *
 * const ticket = Object.assign(new Ticket(), { id: 1, publicId: "tck_1" })
 *
 * export const testing = Test.createTestingModule({
 *     providers: [provideTestKeys([Ticket, (key) => (key === "tck_1" ? ticket : null)])],
 * })
 * ```
 */
export function provideTestKeys<Entity extends ObjectLiteral>(
    ...rows: readonly (readonly [EntityTarget<Entity>, TestRow<Entity>])[]
): Provider {
    return { provide: TOKEN, useValue: new Map<unknown, TestRow>(rows as never) }
}

const known = new WeakMap<ModuleRef, ReadonlyMap<unknown, TestRow> | undefined>()

/** @internal What gives the rows of an entity in a test; undefined in an application. */
export function testRowOf(modules: ModuleRef, entity: unknown): TestRow | undefined {
    if (!known.has(modules)) known.set(modules, findRows(modules))
    return known.get(modules)?.get(entity)
}

function findRows(modules: ModuleRef): ReadonlyMap<unknown, TestRow> | undefined {
    try {
        return modules.get<ReadonlyMap<unknown, TestRow>>(TOKEN, { strict: false })
    } catch {
        return undefined
    }
}
