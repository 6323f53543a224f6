import type { DataSource } from "typeorm"
import { wellFormed } from "../well-formed"

type Prepare = (value: unknown) => string

/**
 * A parameter as `pg` sends it, so that a scope is looked up by the very value that the INSERT
 * stores.
 * @internal
 */
export function postgresText(dataSource: DataSource, value: unknown): string {
    if (value instanceof Date) return timestamp(value, sendsUTC(dataSource))
    if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString("hex")}`
    if (typeof value === "object" && value !== null) {
        const { toPostgres } = value as { toPostgres?: (prepare: Prepare) => unknown }
        const prepare = (inner: unknown) => postgresText(dataSource, inner)
        return toPostgres ? prepare(toPostgres.call(value, prepare)) : JSON.stringify(value)
    }
    return wellFormed(String(value))
}

/** PGlite, which has no such settings, sends dates as UTC as well. */
function sendsUTC({ driver }: DataSource): boolean {
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
