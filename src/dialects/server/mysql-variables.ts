import type { QueryRunner } from "typeorm"
import { select } from "../../typeorm/statement"

/** @internal The variables of the session by their names; not all servers have the same. */
export async function mysqlVariables(
    runner: QueryRunner,
): Promise<Readonly<Partial<Record<string, string>>>> {
    return named(await select<Row>(runner, { sql: "SHOW VARIABLES" }))
}

/** @internal The status of the cluster that a server is in, by the names that the server has for it. */
export async function mysqlClusterStatus(
    runner: QueryRunner,
): Promise<Readonly<Partial<Record<string, string>>>> {
    return named(await select<Row>(runner, { sql: "SHOW STATUS LIKE 'wsrep%'" }))
}

/** @internal */
export function isOn(value: string | undefined): boolean {
    return value === "ON" || value === "1"
}

interface Row {
    readonly Variable_name: string
    readonly Value: string
}

function named(rows: readonly Row[]): Readonly<Partial<Record<string, string>>> {
    return Object.fromEntries(rows.map((row) => [row.Variable_name, row.Value]))
}
