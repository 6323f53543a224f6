import type { DataSource, QueryRunner, Table, TableForeignKey, TableIndex } from "typeorm"
import { alter, type Alteration } from "../metadata/altered-metadata"
import { checkedBuilder } from "../version/version"

/** @internal What a `synchronize()` is to do. */
export interface Synchronization {
    /** How TypeORM sees its metadata meanwhile. */
    readonly alterations: readonly Alteration[]
    /** Comes before TypeORM's changes, in their transaction. */
    begin(runner: QueryRunner): Promise<void>
    /** Comes after them. */
    finish(runner: QueryRunner): Promise<void>
}

/** The foreign keys that have to go before an index does. */
type KeysServedBy = (index: TableIndex, table: Table) => readonly TableForeignKey[]

const planned = new WeakSet<DataSource["driver"]>()

/**
 * Asks what `synchronize()` is to do beside what TypeORM does, each time that it is called. TypeORM calls
 * nobody back there, and makes a new schema builder for it. Foreign keys give way also where its changes are
 * only written down.
 * @internal
 */
export function planSynchronize(
    dataSource: DataSource,
    plan: () => Promise<Synchronization | undefined>,
    keysServedBy: KeysServedBy,
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
            const restore = dropKeysFirst(builder.queryRunner, keysServedBy)
            await change().finally(restore)
        }
        builder.executeSchemaSyncOperationsInProperOrder = synchronize
        builder.build = async () => {
            const planned = await plan()
            if (!planned) return build()
            // It reads tables by its metadata as well.
            const restore = alter(planned.alterations)
            builder.executeSchemaSyncOperationsInProperOrder = async () => {
                await planned.begin(builder.queryRunner)
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

/**
 * TypeORM drops an index whenever a column of it changes, and makes those foreign keys last that it doesn't find
 * in a table.
 */
function dropKeysFirst(runner: QueryRunner, keysServedBy: KeysServedBy): () => void {
    const dropIndex = runner.dropIndex.bind(runner)
    let last: Promise<void> = Promise.resolve()
    // It drops several at once, and a key goes once.
    runner.dropIndex = (table, index, ...rest) => {
        last = last.then(async () => {
            const keys =
                typeof table === "string" || typeof index === "string"
                    ? []
                    : keysServedBy(index, table)
            // SQLite would make a table anew for none.
            if (keys.length > 0) await runner.dropForeignKeys(table, [...keys])
            await dropIndex(table, index, ...rest)
        })
        return last
    }
    return () => {
        runner.dropIndex = dropIndex
    }
}
