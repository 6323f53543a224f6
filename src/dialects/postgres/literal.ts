import type { DriverError } from "../driver-error"

/** @internal A text as SQL writes it, whatever `standard_conforming_strings` is. */
export function literal(text: string): string {
    const quoted = text.replaceAll("'", "''")
    return text.includes("\\") ? `E'${quoted.replaceAll("\\", "\\\\")}'` : `'${quoted}'`
}

/** @internal A value as SQL writes it; undefined for one that only a parameter can be. */
export function plainLiteral(value: unknown): string | undefined {
    if (value === null) return "NULL"
    if (typeof value === "string") return literal(value)
    return typeof value === "number" || typeof value === "bigint" ? String(value) : undefined
}

const FAILURE = "autosequence "

/** @internal In the place of a number: an error of the statement. */
export function postgresFailure(number: string): string {
    return `CAST('${FAILURE}' || ${number} AS bigint)`
}

/** @internal Whether an error is that one. */
export function isPostgresFailure({ code, message }: DriverError): boolean {
    return code === "22P02" && String(message).includes(FAILURE)
}
