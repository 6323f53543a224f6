import "reflect-metadata"
import { DataSource } from "typeorm"
import { PGliteDriver } from "typeorm-pglite"
import { Customer } from "./examples/entities/customer"
import { Invoice } from "./examples/entities/invoice"
// An application imports it from "typeorm-autosequence".
import { withAutoSequence } from "./src"

const url = process.env.DATABASE_URL

/**
 * The data source of the demo and of the commands, TypeORM's own ones included: the server that DATABASE_URL names,
 * or else a PostgreSQL inside this process (PGlite), whose data is gone when the process ends.
 *
 * All its tables are in a schema of their own, which `npm run demo` creates.
 */
export const dataSource = new DataSource(
    withAutoSequence({
        type: "postgres",
        ...(url ? { url } : { driver: new PGliteDriver().driver }),
        schema: "autosequence_demo",
        entities: [Customer, Invoice],
        migrations: [`${__dirname}/examples/migrations/*.ts`],
    }),
)
