import { onEveryDatabase } from "../support/databases"
import { checkPrograms, OPERATIONS, SEED } from "./check"
import { FailingSubscriber, randomEntities, WAY_NAMES } from "./entities"
import { isTested, worksIn } from "./places"
import { Runs } from "./runs"

for (const way of WAY_NAMES)
    onEveryDatabase(
        `Random programs with ${way}`,
        (database) => {
            it("number as the model does", async function () {
                if (!isTested(database())) return this.skip()
                this.timeout(60_000 + OPERATIONS * 100)
                const dataSource = await database().connect(randomEntities(way), {
                    subscribers: [FailingSubscriber],
                    connections: 4,
                })
                const runs = new Runs(dataSource, database(), way)
                const ways = WAY_NAMES.filter((each) => worksIn(each)(database().can))
                await checkPrograms(runs, OPERATIONS / ways.length, {
                    sharesConnection: !database().can.parallel,
                })
                console.log(
                    `      ${runs.operations} calls in ${runs.programs} programs, TEST_SEED=${SEED}`,
                )
            })
        },
        worksIn(way),
    )
