import type { DataSource } from "typeorm"
import { documents } from "../strategies"
import { CONFLICT, newRow, type Scenario } from "./scenario"

const { document } = documents.trigger
/** Of no worker. */
const COMPANY = 11
const INSERTS = 60

/**
 * A node repeats what is sent without a transaction where another node was faster, and answers with the first attempt
 * (`wsrep_retry_autocommit`): the entity must show what is stored.
 */
export const repeatedInsert: Scenario = {
    name: "two nodes insert without a transaction, and triggers number",
    async play({ dataSource, other }) {
        const wrong = await Promise.all([shownWrong(dataSource, "a"), shownWrong(other, "b")])
        return wrong.flat().map(({ tag, number }) => ({
            text: `the entity of ${tag} shows ${String(number)}, which is not its own`,
        }))
    },
}

/** As the node itself has them: what it has committed comes to others a little later. */
async function shownWrong(dataSource: DataSource, name: string) {
    const rows = await insertAll(dataSource, name)
    const stored = await dataSource.manager.findBy(document, { company: COMPANY })
    return rows.filter(({ tag, id, number }) => {
        const own = stored.find((row) => row.tag === tag)
        return own?.number !== number || own.id !== id
    })
}

async function insertAll(dataSource: DataSource, name: string) {
    const rows = Array.from({ length: INSERTS }, (_, at) =>
        newRow(document, COMPANY, `repeated-${name}-${at}`),
    )
    const inserted: typeof rows = []
    for (const row of rows)
        try {
            await dataSource.manager.insert(document, row)
            inserted.push(row)
        } catch (error) {
            if ((error as { errno?: number }).errno !== CONFLICT) throw error
        }
    return inserted
}
