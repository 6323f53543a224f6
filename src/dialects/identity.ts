import { canonicalInteger, wellFormed } from "./column-type"

/** @internal */
export function textOf(value: unknown): string {
    return wellFormed(String(value))
}

/** @internal */
export function integerText(value: unknown): string {
    // Some databases have booleans that are integers.
    const text = String(typeof value === "boolean" ? Number(value) : value)
    return canonicalInteger(text) ?? text
}

/** @internal 1.50 and 1.5 are the same number. */
export function decimalText(value: unknown): string {
    const text = String(value)
    const [, number] = /^(-?\d+(?:\.\d*?)?)0*$/.exec(text.includes(".") ? text : "") ?? []
    return number === undefined ? integerText(text) : number.replace(/\.$/, "")
}

/** @internal The text of a `char` value: trailing spaces don't count. */
export function paddedText(value: unknown): string {
    return textOf(value).replace(/ +$/, "")
}

/** @internal */
export function hexText(value: unknown): string {
    const bytes = value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value))
    return bytes.toString("hex")
}
