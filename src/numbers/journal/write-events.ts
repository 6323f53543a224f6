import { batches } from "../../batches"
import { dialectOf } from "../../dialects"
import type { Dialect } from "../../dialects/dialect"
import { driverErrorOf } from "../../dialects/driver-error"
import { INSTALL_REMEDY, NotInstalledError } from "../../errors"
import { eventTableOf } from "../../series/own-table"
import { dataSourceOf } from "../../typeorm/compat"
import { Parameters } from "../../typeorm/rows/parameters"
import type { Sender } from "../../typeorm/statement"
import { type Said, saidIn } from "./said"

/** The kinds of journal entries. */
export type SeriesEventKind =
    | "void"
    | "skip"
    | "import"
    | "explicit"
    | "set"
    | "delete"
    | "move"
    | "format"
    | "code"
    | "close"
    | "reopen"
    | "resync"

/** @internal An entry that is to be written. */
export interface NewEvent {
    readonly kind: SeriesEventKind
    /** The key of the scope. */
    readonly key: string
    readonly first?: bigint
    /** Default is the first one. */
    readonly last?: bigint
    readonly details?: object
}

/** @internal What an entry says of where its scope was before: numbers above it were passed over. */
export function beforeDetails(before: bigint | undefined): { readonly before?: string } {
    return before === undefined ? {} : { before: String(before) }
}

const BATCH = 200

/**
 * Writes entries of the journal, in their order, in the transaction of the sender. What was not said of them is what the
 * session has said.
 * @internal
 */
export async function writeEvents(
    sender: Sender,
    series: string,
    events: readonly NewEvent[],
    given: Said = {},
): Promise<void> {
    if (events.length === 0) return
    const dataSource = dataSourceOf(sender)
    const { journal, isMissingTable } = dialectOf(dataSource) as Dialect
    const { table, id, scope, kind, first, last, reason, by, at, details, ...t } =
        eventTableOf(dataSource)
    const said = { ...saidIn(sender), ...given }
    const columns = [t.series, scope, kind, first, last, reason, by, at, details]
    if (journal.nextId) columns.unshift(id)
    try {
        for (const batch of batches(events, BATCH)) {
            const parameters = new Parameters(dataSource)
            const text = (saying: "reason" | "by") => {
                const own = said[saying]
                if (own !== undefined) return parameters.add(own)
                return journal.said?.(saying) ?? "NULL"
            }
            const rows = batch.map((event, place) => {
                const values = [
                    parameters.add(series),
                    parameters.add(event.key),
                    `'${event.kind}'`,
                    // A parameter in a list of rows has no type.
                    event.first === undefined ? "NULL" : String(event.first),
                    event.first === undefined ? "NULL" : String(event.last ?? event.first),
                    text("reason"),
                    text("by"),
                    journal.now,
                    event.details ? parameters.add(JSON.stringify(event.details)) : "NULL",
                ]
                const next = journal.nextId?.(eventTableOf(dataSource))
                if (next !== undefined) values.unshift(`${next} + ${place}`)
                return `(${values.join(", ")})`
            })
            await sender.query(
                `INSERT INTO ${table} (${columns.join(", ")}) VALUES ${rows.join(", ")}`,
                parameters.values,
            )
        }
    } catch (error) {
        const cause = driverErrorOf(error)
        if (!cause || !isMissingTable(cause)) throw error
        throw new NotInstalledError(`There is no table ${table}. ${INSTALL_REMEDY}`, {
            cause: error,
        })
    }
}
