import type { EntityMetadata, QueryRunner, Table } from "typeorm"
import { groupBy } from "../../group-by"
import { dataSourceOf } from "../compat"

/**
 * The tables of entities, as the database has them; none where there is none. TypeORM sends half a dozen statements to
 * read them, whether for one or for all.
 * @internal
 */
export async function readTables(
    runner: QueryRunner,
    metadatas: readonly EntityMetadata[],
): Promise<ReadonlyMap<EntityMetadata, Table>> {
    const { driver } = dataSourceOf(runner)
    // Some servers know tables by names in lower case.
    const nameOf = (target: EntityMetadata | Table) =>
        driver.parseTableName(target).tableName.toLowerCase()
    const all = await runner.getTables(metadatas.map(({ tablePath }) => tablePath))
    const read = groupBy(all, nameOf)
    const asked = groupBy(metadatas, nameOf)
    const areKnown = [...read.keys()].every((name) => asked.has(name))
    const found = new Map<EntityMetadata, Table>()
    for (const metadata of metadatas) {
        const [table, ...others] = read.get(nameOf(metadata)) ?? []
        // In several schemas, tables may have the same name.
        const isOnly = others.length === 0 && asked.get(nameOf(metadata))?.length === 1
        const own = areKnown && isOnly ? table : await runner.getTable(metadata.tablePath)
        if (own) found.set(metadata, own)
    }
    return found
}
