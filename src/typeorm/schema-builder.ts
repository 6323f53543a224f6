import type { DataSource, QueryRunner } from "typeorm"
import { alter, type Alteration } from "./altered-metadata"
import { checkedBuilder } from "./version"

/** @internal What a `synchronize()` is to do. */
export interface Synchronization {
    /** How TypeORM sees its metadata meanwhile. */
    readonly alterations: readonly Alteration[]
    /** Comes after TypeORM's changes, in their transaction. */
    finish(runner: QueryRunner): Promise<void>
}

const planned = new WeakSet<DataSource["driver"]>()

/**
 * Asks what `synchronize()` is to do beside what TypeORM does, each time that it is called. TypeORM calls
 * nobody back there, and makes a new schema builder for it.
 * @internal
 */
export function planSynchronize(
    { driver }: DataSource,
    plan: () => Promise<Synchronization | undefined>,
): void {
    if (planned.has(driver)) return
    planned.add(driver)
    const createSchemaBuilder = driver.createSchemaBuilder.bind(driver)
    checkedBuilder(createSchemaBuilder())
    driver.createSchemaBuilder = () => {
        const builder = checkedBuilder(createSchemaBuilder())
        const build = builder.build.bind(builder)
        const synchronize = builder.executeSchemaSyncOperationsInProperOrder.bind(builder)
        builder.build = async () => {
            const planned = await plan()
            if (!planned) return build()
            // It reads tables by its metadata as well.
            const restore = alter(planned.alterations)
            builder.executeSchemaSyncOperationsInProperOrder = async () => {
                await synchronize()
                restore()
                await planned.finish(builder.queryRunner)
            }
            try {
                await build()
            } finally {
                restore()
            }
        }
        return builder
    }
}
