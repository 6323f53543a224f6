import "reflect-metadata"
import { writeSync } from "node:fs"
import { DataSource, type DataSourceOptions, type Logger } from "typeorm"
import { backfillPseudoKeys, withAutoSequence } from "../../../src"
import { killed } from "../backfill-entities"

const [options = "", batchSize = "", lastBatch = ""] = process.argv.slice(2)

let updates = 0

/** Ends the process before so many batches are committed. */
function killBeforeCommit(sql: string): void {
    if (sql.startsWith("UPDATE")) updates += 1
    if (sql === "COMMIT" && updates === Number(lastBatch)) process.kill(process.pid, "SIGKILL")
}

const logger = { logQuery: killBeforeCommit } as unknown as Logger

async function main(): Promise<void> {
    const dataSource = new DataSource(
        withAutoSequence({
            ...(JSON.parse(options) as DataSourceOptions),
            entities: [killed()],
            logger,
            logging: ["query"],
        }),
    )
    await dataSource.initialize()
    await backfillPseudoKeys(dataSource, "killed", {
        batchSize: Number(batchSize),
        onProgress: ({ done, total }) => void writeSync(1, `${done} of ${total}\n`),
    })
}

void main()
