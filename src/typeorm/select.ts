import type { QueryRunner } from "typeorm"
import type { Statement } from "../dialects/dialect"

/** @internal Sends a statement; resolves to its rows. */
export async function select<T>(runner: QueryRunner, { sql, parameters }: Statement): Promise<T[]> {
    const result = await runner.query(sql, parameters, true)
    return result.records as T[]
}
