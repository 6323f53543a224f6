import { onEveryDatabase } from "../support/databases"
import { WAYS } from "../support/strategies"
import { checkPrograms, OPERATIONS, SEED } from "./check"
import { FailingSubscriber, randomEntities, WAY_NAMES } from "./entities"
import { Runs } from "./runs"

const WHERE: readonly string[] = ["PostgreSQL (server of the machine)", "MariaDB", "better-sqlite3"]

for (const way of WAY_NAMES)
    onEveryDatabase(
        `Random programs with ${way}`,
        (database) => {
            it("number as the model does", async function () {
                if (!WHERE.includes(database().name)) return this.skip()
                this.timeout(60_000 + OPERATIONS * 100)
                const dataSource = await database().connect(randomEntities(way), {
                    subscribers: [FailingSubscriber],
                    connections: 4,
                })
                const runs = new Runs(dataSource, database(), way)
                await checkPrograms(runs)
                console.log(
                    `      ${runs.operations} calls in ${runs.programs} programs, TEST_SEED=${SEED}`,
                )
            })
        },
        worksWhere(way),
    )

function worksWhere(way: (typeof WAY_NAMES)[number]) {
    const { strategy } = WAYS[way].options
    return ({ tableLock, bigints }: { tableLock: boolean; bigints: boolean }) =>
        strategy === "table-lock" ? tableLock : strategy !== "trigger" || bigints
}
