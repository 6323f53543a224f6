import type { DataSource } from "typeorm"
import type { ColumnMetadata } from "../../typeorm/names"
import { plainText } from "../column-type"
import { isBinary, isText } from "./types"

/**
 * A parameter as `mysql2` sends it, so that a scope is looked up by the very value that the INSERT
 * stores; undefined for what it sends as something else.
 * @internal
 */
export function mysqlText(
    { options }: DataSource,
    value: unknown,
    column: ColumnMetadata,
): string | undefined {
    if (isBinary(column)) {
        const bytes = value instanceof Uint8Array || typeof value === "string"
        return bytes ? Buffer.from(value).toString("hex").toUpperCase() : undefined
    }
    if (value instanceof Date) {
        const { timezone = "local" } = options as { timezone?: string }
        return Number.isNaN(value.getTime()) ? undefined : dateText(value, timezone)
    }
    if (typeof value === "boolean") return value ? "1" : "0"
    // Other numbers are written anew by the database where they become texts.
    if (typeof value === "number" && isText(column) && !Number.isSafeInteger(value))
        return undefined
    return typeof value === "number" && !Number.isFinite(value) ? undefined : plainText(value)
}

function dateText(date: Date, zone: string): string {
    const [, sign, hours = "0", minutes = "0"] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? []
    const offset =
        zone === "local"
            ? -date.getTimezoneOffset()
            : (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
    const shifted = new Date(date.getTime() + offset * 60_000)
    return shifted.toISOString().replace("T", " ").replace("Z", "")
}
