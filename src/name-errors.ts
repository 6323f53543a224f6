import type { QueryFailedError, QueryRunner } from "typeorm"
import { nameOfError } from "./database-errors"
import { dialectOf } from "./dialects"
import { NewKeys } from "./keys/insert/new-keys"
import { dataSourceOf } from "./typeorm/compat"

const naming = new WeakSet<QueryRunner>()

/**
 * Names the errors of statements where TypeORM doesn't wait for what subscribers say of them, as 0.3
 * on MySQL, or does not even tell them, as on SQLite. Called before the statement is sent.
 * @internal
 */
export function nameErrors(runner: QueryRunner): void {
    const dataSource = dataSourceOf(runner)
    if (dialectOf(dataSource)?.announcesErrors !== false || naming.has(runner)) return
    naming.add(runner)
    const send = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>
    const named = async (...args: unknown[]): Promise<unknown> => {
        try {
            return await send(...args)
        } catch (error) {
            const { driverError } = Object(error) as Partial<QueryFailedError>
            if (!driverError) throw error
            const [sql, parameters = []] = args as [string, unknown[]?]
            const named = nameOfError(runner, { sql, parameters, cause: driverError })
            const freed = NewKeys.of(runner)?.failed(sql, parameters)
            // No detour where there is nothing to be done: statements behind it fail of this one.
            if (freed) await freed
            throw named ?? error
        }
    }
    Object.assign(runner, { query: named })
}
