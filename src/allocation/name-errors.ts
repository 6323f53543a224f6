import type { QueryFailedError, QueryRunner } from "typeorm"
import { dialectOf } from "../dialects"
import { dataSourceOf } from "../typeorm-compat"
import { triggerErrorOf } from "./trigger-errors"

const naming = new WeakSet<QueryRunner>()

/**
 * Names the errors of triggers where TypeORM doesn't wait for what subscribers say of them, as 0.3
 * on MySQL. Called before the statement is sent.
 * @internal
 */
export function nameErrors(runner: QueryRunner): void {
    const dataSource = dataSourceOf(runner)
    if (dialectOf(dataSource)?.trigger?.announcesErrors !== false || naming.has(runner)) return
    naming.add(runner)
    const send = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>
    const named = async (...args: unknown[]): Promise<unknown> => {
        try {
            return await send(...args)
        } catch (error) {
            const { driverError } = Object(error) as Partial<QueryFailedError>
            if (!driverError) throw error
            throw triggerErrorOf(dataSource, String(args[0]), driverError) ?? error
        }
    }
    Object.assign(runner, { query: named })
}
