import type { DataSource } from "typeorm"
import { type ColumnMetadata, columnType } from "../../typeorm/names"
import { plainText } from "../column-type"

type Prepare = (value: unknown) => string | undefined

/**
 * A parameter as `pg` sends it, so that a scope is looked up by the very value that the INSERT
 * stores; undefined for what it sends as something else.
 * @internal
 */
export function postgresText(
    dataSource: DataSource,
    value: unknown,
    column: ColumnMetadata,
): string | undefined {
    if (value instanceof Date)
        return Number.isNaN(value.getTime()) ? undefined : timestamp(value, sendsUTC(dataSource))
    if (value instanceof Uint8Array)
        // As bytes, which are a text of their own to columns of other types.
        return columnType(column) === "bytea"
            ? `\\x${Buffer.from(value).toString("hex")}`
            : undefined
    const { toPostgres } = Object(value) as { toPostgres?: (prepare: Prepare) => unknown }
    if (typeof value !== "object" || !toPostgres) return plainText(value)
    const prepare = (inner: unknown) => postgresText(dataSource, inner, column)
    return prepare(toPostgres.call(value, prepare))
}

/** @internal PGlite, which has no such settings, sends dates as UTC as well. */
export function sendsUTC({ driver }: DataSource): boolean {
    const { postgres } = driver as { postgres?: { defaults?: { parseInputDatesAsUTC?: boolean } } }
    return postgres?.defaults ? postgres.defaults.parseInputDatesAsUTC === true : true
}

function timestamp(date: Date, isUTC: boolean): string {
    // The local time of this date, read as if it were UTC, is what its UTC fields are then.
    const local = isUTC ? date : new Date(0)
    if (!isUTC) {
        local.setUTCFullYear(date.getFullYear(), date.getMonth(), date.getDate())
        local.setUTCHours(
            date.getHours(),
            date.getMinutes(),
            date.getSeconds(),
            date.getMilliseconds(),
        )
    }
    const year = local.getUTCFullYear()
    const offset = isUTC ? 0 : -date.getTimezoneOffset()
    const part = (value: number, length = 2) => String(value).padStart(length, "0")
    const day = `${part(year < 1 ? 1 - year : year, 4)}-${part(local.getUTCMonth() + 1)}-${part(local.getUTCDate())}`
    const zone = `${offset < 0 ? "-" : "+"}${part(Math.floor(Math.abs(offset) / 60))}:${part(Math.abs(offset) % 60)}`
    return `${day}T${local.toISOString().slice(-13, -1)}${zone}${year < 1 ? " BC" : ""}`
}

/** @internal PGlite has a single session for all connections, and takes one statement at a time. */
export function isPglite({ driver }: DataSource): boolean {
    const { master: pool } = driver as { master?: { totalCount?: unknown } }
    return typeof pool?.totalCount !== "number"
}
