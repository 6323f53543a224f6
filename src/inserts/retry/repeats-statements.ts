import type { DataSource } from "typeorm"
import { dialectOf } from "../../dialects"
import { select, type Sender } from "../../typeorm/statement"

const known = new WeakMap<DataSource, boolean>()

/**
 * Whether the server might repeat a statement by itself, so that its answer can't be trusted: it is a node of a
 * Galera cluster. It is asked once.
 * @internal
 */
export async function repeatsStatements(dataSource: DataSource, sender: Sender): Promise<boolean> {
    const statement = dialectOf(dataSource)?.repeatsStatements
    if (!statement) return false
    const before = known.get(dataSource)
    if (before !== undefined) return before
    const found = (await select(sender, statement)).length > 0
    known.set(dataSource, found)
    return found
}
