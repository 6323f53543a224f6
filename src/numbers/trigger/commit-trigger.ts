import type { EntityMetadata } from "typeorm"
import { INSTALL_REMEDY, NotInstalledError } from "../../errors"
import type { Session } from "../../inserts/session"
import { placeOf, type Series } from "../../series/series"
import { tableName } from "../../typeorm/names"
import { select } from "../../typeorm/statement"

const found = new WeakSet<EntityMetadata>()

/**
 * Refuses a row whose number a trigger was to make at COMMIT, where there is no such trigger: the column may be NULL,
 * so the database would store the row without a number. Asked until the table has it, so once.
 * @internal
 */
export function refuseWithoutTrigger(session: Session, series: Series): Promise<void> | undefined {
    return found.has(series.metadata) ? undefined : lookFor(session, series)
}

async function lookFor(session: Session, series: Series): Promise<void> {
    const { metadata, dialect } = series
    const statement = dialect.trigger?.commitTrigger?.(tableName(metadata))
    if (statement && (await select(session, statement)).length === 0)
        throw new NotInstalledError(
            `${placeOf(series)} is made by a trigger at COMMIT, and there is none. ${INSTALL_REMEDY}`,
        )
    found.add(metadata)
}
