import { documents } from "../strategies"
import { CONFLICT, newRow, type Scenario } from "./scenario"

const { document } = documents.counter
/** Of no worker. */
const COMPANY = 10

/** Two nodes number rows of one scope at once: the one that is refused has no number, and the number goes to the next. */
export const refusedSave: Scenario = {
    name: "a node is refused, as another one was faster",
    async play({ dataSource, other }) {
        const refused = newRow(document, COMPANY, "refused-1")
        const error: unknown = await dataSource
            .transaction(async (manager) => {
                await manager.save(refused)
                await other.manager.save(newRow(document, COMPANY, "refused-2"))
            })
            .catch((one: unknown) => one)
        const { driverError } = Object(error) as { driverError?: { errno?: number } }
        if (driverError?.errno !== CONFLICT)
            return [{ text: `nobody was refused: ${String(error)}` }]
        if (refused.number !== undefined)
            return [{ text: `an entity that was refused shows ${String(refused.number)}` }]
        await dataSource.manager.save(refused)
        return refused.number === 2
            ? []
            : [{ text: `saved again, it has the number ${String(refused.number)}` }]
    },
}
