import type { DataSource, EntityMetadata, QueryRunner, Table, TableForeignKey } from "typeorm"
import { alter, type Alteration } from "../metadata/altered-metadata"
import { checkedBuilder, type SchemaBuilder } from "../version/version"

/** @internal What a `synchronize()` is to do. */
export interface Synchronization {
    /** How TypeORM sees its metadata meanwhile. */
    readonly alterations: readonly Alteration[]
    /** Comes after TypeORM's changes, in their transaction. */
    finish(runner: QueryRunner): Promise<void>
}

/** The foreign keys that TypeORM is to drop before it changes a table, and to make again afterwards. */
type KeysToRenew = (metadata: EntityMetadata, table: Table) => readonly TableForeignKey[]

const planned = new WeakSet<DataSource["driver"]>()

/**
 * Asks what `synchronize()` is to do beside what TypeORM does, each time that it is called. TypeORM calls
 * nobody back there, and makes a new schema builder for it. Foreign keys are renewed also where its changes
 * are only written down.
 * @internal
 */
export function planSynchronize(
    dataSource: DataSource,
    plan: () => Promise<Synchronization | undefined>,
    keysToRenew: KeysToRenew,
): void {
    const { driver } = dataSource
    if (planned.has(driver)) return
    planned.add(driver)
    const createSchemaBuilder = driver.createSchemaBuilder.bind(driver)
    checkedBuilder(createSchemaBuilder())
    driver.createSchemaBuilder = () => {
        const builder = checkedBuilder(createSchemaBuilder())
        const build = builder.build.bind(builder)
        const change = builder.executeSchemaSyncOperationsInProperOrder.bind(builder)
        const synchronize = async () => {
            await dropForeignKeys(builder, dataSource, keysToRenew)
            await change()
        }
        builder.executeSchemaSyncOperationsInProperOrder = synchronize
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

/** TypeORM makes those again that it doesn't find in a table. */
async function dropForeignKeys(
    builder: SchemaBuilder,
    { entityMetadatas }: DataSource,
    keysToRenew: KeysToRenew,
): Promise<void> {
    const { loadedTables } = builder.queryRunner
    for (const metadata of entityMetadatas) {
        if (!metadata.synchronize || metadata.tableType === "entity-child") continue
        const path = builder.getTablePath(metadata)
        const table = loadedTables.find((one) => builder.getTablePath(one) === path)
        const keys = table ? keysToRenew(metadata, table) : []
        // SQLite would make a table anew for none.
        if (table && keys.length > 0) await builder.queryRunner.dropForeignKeys(table, [...keys])
    }
}
