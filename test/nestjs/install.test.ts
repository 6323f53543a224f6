import { Module, type OnModuleInit } from "@nestjs/common"
import { TypeOrmModule } from "@nestjs/typeorm"
import { expect } from "chai"
import { DataSource } from "typeorm"
import { InvalidOptionError, NotInstalledError, withAutoSequence } from "../../src"
import { AutoSequenceModule } from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { Applications, Messages } from "./applications"
import { Parcel, saveNew, Ticket } from "./entities"

onOnePostgres("An application that installs when it starts", (database) => {
    const applications = new Applications()
    afterEach(() => applications.close())

    it("creates all that is missing before modules are initialized, triggers included", async () => {
        const options = withAutoSequence({
            ...(await database().newOptions()),
            entities: [Ticket],
            synchronize: true,
        })
        @Module({})
        class SeedModule implements OnModuleInit {
            constructor(private readonly dataSource: DataSource) {}
            async onModuleInit(): Promise<void> {
                await this.dataSource.query(
                    `INSERT INTO "${options.schema}".registered_ticket DEFAULT VALUES`,
                )
            }
        }
        const messages = new Messages()
        const application = await applications.start(
            {
                imports: [
                    SeedModule,
                    AutoSequenceModule.forRoot({ install: true, strict: true }),
                    TypeOrmModule.forRoot(options),
                ],
            },
            { messages },
        )
        const dataSource = application.get(DataSource)
        expect(await saveNew(Ticket, dataSource)).to.eql([2, 3])
        expect(messages.warnings).to.eql([])
    })

    it("numbers the rows that are there in the order that it is given", async () => {
        const options = withAutoSequence({ ...(await database().newOptions()), entities: [Parcel] })
        const { schema } = options
        await database().query(
            `CREATE TABLE "${schema}".registered_parcel (id serial PRIMARY KEY, weight int);
             INSERT INTO "${schema}".registered_parcel (weight) VALUES (30), (10), (20)`,
        )
        const { application } = await applications.startOn(options, {
            install: { orderBy: { Parcel: "weight" } },
            strict: true,
        })
        const dataSource = application.get(DataSource)
        expect(await saveNew(Parcel, dataSource)).to.eql([4, 5])
        const parcels = await dataSource.manager.find(Parcel, { order: { number: "ASC" } })
        expect(parcels.map(({ weight }) => weight)).to.eql([10, 20, 30, null, null])
    })

    it("is refused where what it is given is wrong", async () => {
        const options = withAutoSequence({
            ...(await database().newOptions()),
            entities: [Parcel],
            synchronize: true,
        })
        const install = { orderBy: { Parcel: ["wieght"] } }
        await expect(applications.startOn(options, { install })).to.be.rejectedWith(
            InvalidOptionError,
            "wieght",
        )
    })

    it("is refused where it can't, also without strict", async () => {
        const options = withAutoSequence({ ...(await database().newOptions()), entities: [Parcel] })
        await expect(applications.startOn(options, { install: true })).to.be.rejectedWith(
            NotInstalledError,
            "Create that first",
        )
    })
})
