import { getDataSourceToken, TypeOrmModule } from "@nestjs/typeorm"
import { expect } from "chai"
import { DataSource, type Logger } from "typeorm"
import { transactionWithRetry, withAutoSequence } from "../../src"
import { AutoSequenceModule } from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { Applications, Messages } from "./applications"
import { Receipt, saveNew, storedNumbers } from "./entities"

class Warnings implements Logger {
    readonly texts: string[] = []
    logQuery(): void {}
    logQueryError(): void {}
    logQuerySlow(): void {}
    logSchemaBuild(): void {}
    logMigration(): void {}
    log(level: string, text: string): void {
        if (level === "warn") this.texts.push(text)
    }
}

onOnePostgres("What is told while an application runs", (database) => {
    const applications = new Applications()
    afterEach(() => applications.close())

    const retried = async (dataSource: DataSource) => {
        let attempts = 0
        await transactionWithRetry(dataSource, async (manager) => {
            if (attempts++ === 0)
                await manager.query(
                    "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$",
                )
        })
    }

    it("goes to Nest's logger until the shutdown, and only of data sources with the module", async () => {
        const messages = new Messages()
        const own = new Warnings()
        const other = new Warnings()
        const options = withAutoSequence({
            ...(await database().newOptions()),
            ...{ entities: [Receipt], synchronize: true },
        })
        const application = await applications.start(
            {
                imports: [
                    TypeOrmModule.forRoot({ ...options, logger: own }),
                    // Nest opens both at once, and one makes the tables.
                    TypeOrmModule.forRoot({
                        ...options,
                        ...{ name: "apart", logger: other, synchronize: false },
                    }),
                    AutoSequenceModule.forRoot({ strict: true }),
                ],
            },
            { messages },
        )
        const dataSource = application.get(DataSource)
        const apart = application.get<DataSource>(getDataSourceToken("apart"))
        await retried(dataSource)
        expect(messages.warnings).to.have.lengthOf(1)
        expect(messages.warnings[0]).to.match(/^attempt 1 of 5 was ended .*\(40001\)/)
        await retried(apart)
        expect(other.texts).to.have.lengthOf(1)

        // Another transaction holds the counter for longer than a second, as the database itself measures it.
        const { waiting } = await dataSource.transaction(async (manager) => {
            await manager.save(new Receipt())
            const saving = dataSource.manager.save(new Receipt())
            saving.catch(() => {})
            await manager.query("SELECT pg_sleep(1.1)")
            return { waiting: saving }
        })
        await waiting
        expect(messages.warnings).to.have.lengthOf(2)
        expect(messages.warnings[1]).to.match(
            /^registered_receipt\.number took 1\.\d s, .*counters --waiting shows them\.$/,
        )
        expect(await saveNew(Receipt, dataSource)).to.eql([3, 4])
        expect(own.texts).to.eql([])

        await applications.close()
        await dataSource.initialize()
        await retried(dataSource)
        expect(own.texts).to.have.lengthOf(1)
        expect(messages.warnings).to.have.lengthOf(2)
        expect(await storedNumbers(Receipt, dataSource)).to.eql([1, 2, 3, 4])
        await dataSource.destroy()
    })
})
