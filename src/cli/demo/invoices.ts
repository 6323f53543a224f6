import { createRequire } from "node:module"
import { join } from "node:path"
import { DataSource, type DataSourceOptions, EntitySchema } from "typeorm"
import { withAutoSequenceColumns } from "../../decorators/with-auto-sequence-columns"
import { withAutoSequence } from "../../with-auto-sequence"

/** @internal What a writer tells: how a transaction has ended, or which numbers the open one has taken. */
export type Said = "committed" | "rolledBack" | Taken

/** @internal */
export interface Taken {
    readonly customer: string
    readonly numbers: readonly number[]
}

/** @internal */
export const CUSTOMERS = ["Acme", "Beta", "Gamma"]

/** @internal */
export const Invoice = withAutoSequenceColumns(
    new EntitySchema<{ id: number; customer: string; number: number }>({
        name: "Invoice",
        tableName: "invoice",
        columns: {
            id: { type: "int", primary: true, generated: true },
            customer: { type: "varchar" },
        },
    }),
    { number: { strategy: "counter", uniqueWith: "customer" } },
)

const PACKAGES = ["@electric-sql/pglite", "typeorm-pglite"] as const

interface Driver {
    readonly PGliteDriver: new (options: { dataDir: string }) => { readonly driver: unknown }
}

/** @internal The driver of the demo's database; if it is missing, the error says what to install. */
export function loadDriver(): Driver {
    const [pglite, driver] = PACKAGES.map(find)
    if (pglite !== undefined && driver !== undefined)
        // oxlint-disable-next-line typescript/no-require-imports
        return require(driver) as Driver
    throw new Error(
        "The demo runs on PGlite, a PostgreSQL without a server, which is not part of this package. Add it:\n\n" +
            `  npx ${["typeorm-autosequence", ...PACKAGES].map((name) => `-p ${name}`).join(" ")} typeorm-autosequence demo`,
    )
}

/** @internal A PostgreSQL that runs in this process, and keeps its files in a directory. */
export function openPglite(directory: string): DataSource {
    const { PGliteDriver } = loadDriver()
    const options = {
        type: "postgres",
        driver: new PGliteDriver({ dataDir: directory }).driver,
        entities: [Invoice],
        logging: false,
    } as DataSourceOptions
    return new DataSource(withAutoSequence(options))
}

/** In the directory where the command runs, or beside this package, as npx has it. */
function find(name: string): string | undefined {
    for (const from of [join(process.cwd(), "package.json"), __filename])
        try {
            return createRequire(from).resolve(name)
        } catch {
            // Looked for in the next place.
        }
    return undefined
}
