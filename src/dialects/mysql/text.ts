import type { DataSource } from "typeorm"
import { wellFormed } from "../well-formed"

/**
 * A parameter as `mysql2` sends it, so that a scope is looked up by the very value that the INSERT
 * stores.
 * @internal
 */
export function mysqlText({ options }: DataSource, value: unknown): string {
    if (value instanceof Date)
        return dateText(value, (options as { timezone?: string }).timezone ?? "local")
    if (typeof value === "boolean") return value ? "1" : "0"
    if (typeof value === "object" && value !== null) return JSON.stringify(value)
    return wellFormed(String(value))
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
