import { Customer } from "../../examples/entities/customer"
import { Invoice } from "../../examples/entities/invoice"
import { onEachDatabase } from "../support/databases"
import { expectUpToDate } from "./migrate"

onEachDatabase("the migrations of the demo", (db) => {
    it("make all that its entities need, and go all the way back", async () => {
        const schema = await db().createSchema("autosequence_demo")
        const dataSource = await db().connect([Customer, Invoice], {
            schema,
            synchronize: false,
            migrations: ["examples/migrations/*.ts"],
        })
        await dataSource.runMigrations()
        await expectUpToDate(dataSource)
        await dataSource.undoLastMigration()
        await dataSource.runMigrations()
        await expectUpToDate(dataSource)
    })
})
