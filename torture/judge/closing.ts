import type { DataSource } from "typeorm"
import { documents, isStrategy, type TortureName } from "../strategies"
import { Book } from "../worker/book"
import type { Log } from "../worker/log"
import { bookDocument } from "../operations/operation"
import type { Violation } from "./violation"

/**
 * Inserts one more document into each scope when all is quiet: the counter is where the rows are only if that
 * fits. It is logged, and judged with the others.
 */
export async function insertOnceMore(
    dataSource: DataSource,
    names: readonly TortureName[],
    log: Log,
): Promise<Violation[]> {
    const violations: Violation[] = []
    for (const name of names.filter(isStrategy)) {
        const entities = documents[name]
        for (const company of [1, 2, 3]) {
            const book = new Book(`closing-${name}-${company}`, log)
            const row = Object.assign(new entities.document(), { tag: book.tag(), company })
            bookDocument({ book, dataSource } as never, entities, row)
            try {
                await dataSource.manager.save(row)
                book.committed()
            } catch (error) {
                violations.push({
                    text: `${name}: no document can be inserted into ${company} at the end: ${String(error)}`,
                    at: {
                        table: dataSource.getMetadata(entities.document).tableName,
                        scope: String(company),
                    },
                })
            }
        }
    }
    return violations
}
