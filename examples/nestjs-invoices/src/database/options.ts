import { join } from "node:path"
import type { DataSourceOptions } from "typeorm"
import { withAutoSequence } from "typeorm-autosequence"
import { Customer } from "../customers/customer.entity.js"
import { Invoice } from "../invoices/invoice.entity.js"
import { Tenant } from "../tenants/tenant.entity.js"
import { lock } from "./lock.js"
import { pgliteDriver } from "./pglite.js"

/** The server that DATABASE_URL names, or a PostgreSQL inside of this process. */
export function databaseOptions(): DataSourceOptions {
    const { DATABASE_URL: url, PGLITE_DIRECTORY: directory = "data" } = process.env
    return inDatabase(url ? { url } : { driver: pgliteDriver(lock(directory)) })
}

/** A database in memory, which is gone with the process. */
export function memoryOptions(): DataSourceOptions {
    return inDatabase({ driver: pgliteDriver("memory://") })
}

function inDatabase(place: { url: string } | { driver: unknown }): DataSourceOptions {
    return withAutoSequence({
        type: "postgres",
        ...place,
        entities: [Tenant, Customer, Invoice],
        migrations: [join(import.meta.dirname, "../migrations/*.js")],
        migrationsRun: true,
    })
}
