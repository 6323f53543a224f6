import type { EntityMetadata, QueryRunner, Table } from "typeorm"
import { Parameters } from "../../typeorm/rows/parameters"
import type { StoredKey } from "../../keys/pseudo-key"
import { pseudoKeysOf } from "../../keys/resolve-keys"
import { columnName, tableName } from "../../typeorm/names"
import { hasRows } from "../../typeorm/statement"
import type { Finding } from "./finding"

/**
 * The keys of a table whose rows have others than the prefix allows, so that they lead nowhere.
 * @internal
 */
export async function foreignPrefixes(
    runner: QueryRunner,
    metadata: EntityMetadata,
    table: Table | undefined,
): Promise<Finding[]> {
    const problems: Finding[] = []
    for (const key of pseudoKeysOf(metadata).stored) {
        const isThere = table?.findColumnByName(key.column.databaseName)
        if (!isThere || [key.head, ...key.formerHeads].includes("")) continue
        if (await hasOther(runner, key))
            problems.push({
                text:
                    `Rows of ${metadata.tablePath} have keys in ${key.column.databaseName} that do not begin with ` +
                    `"${key.head}", so they can't be found by key. Name the former prefix: formerPrefixes of @PseudoKey.`,
            })
    }
    return problems
}

/**
 * Whether a row has a key that begins otherwise. As ranges, which databases whose texts are in the order of their
 * characters look up in the index; PostgreSQL looks at all rows, where its own order is another one.
 */
function hasOther(
    runner: QueryRunner,
    { dialect, dataSource, metadata, column, head, formerHeads }: StoredKey,
): Promise<boolean> {
    const parameters = new Parameters(dataSource)
    const name = columnName(column)
    // A column that compares exactly itself is looked up in its index.
    const text = dialect.keyCollation ? name : dialect.schema.exactly(name)
    const outside = [head, ...formerHeads].map((one) => {
        const from = parameters.add(one)
        return `(${text} < ${from} OR ${text} >= ${parameters.add(behind(one))})`
    })
    const from = `${tableName(metadata)} WHERE ${outside.join(" AND ")}`
    return hasRows(runner, from, parameters.values)
}

/** The first text behind all that begin with this one. */
function behind(head: string): string {
    return head.slice(0, -1) + String.fromCharCode(head.charCodeAt(head.length - 1) + 1)
}
