import type { EntitySubscriberInterface } from "typeorm"
import { dialectOf } from "../dialects"
import { Session } from "../inserts/session"
import { dataSourceOf } from "../typeorm/compat"
import { sessionOf } from "./session-of"

type AfterQueryEvent = Parameters<NonNullable<EntitySubscriberInterface["afterQuery"]>>[0]

/** @internal A statement outside a transaction has no session that would name its error. */
export function nameError({
    queryRunner,
    query,
    parameters,
    error,
}: AfterQueryEvent): Promise<void> | undefined {
    if (!dialectOf(dataSourceOf(queryRunner)) || Session.find(queryRunner)) return undefined
    const failed = Object.assign(new Error(), { driverError: error as unknown })
    const named = sessionOf(queryRunner).nameOf(
        query,
        (parameters as unknown[] | undefined) ?? [],
        failed,
    )
    if (!(named instanceof Error) || named === failed) return undefined
    const refused = Promise.reject(named)
    // TypeORM 0.3 doesn't wait for it on MySQL, and throws its own error.
    refused.catch(() => undefined)
    return refused
}
