/**
 * `UTC`, or an area and a place. Abbreviations and offsets are left out: to databases `CET` has no summer
 * time, and `+02:00` may lie two hours to the west.
 */
const FORM = /^(UTC|[A-Za-z_]+(\/[A-Za-z0-9_+-]+)+)$/

const known = new Map<string, boolean>()

/** @internal Whether a text names a time zone of the IANA's. */
export function isTimeZone(text: string): boolean {
    let is = known.get(text)
    if (is === undefined) known.set(text, (is = FORM.test(text) && isKnown(text)))
    return is
}

function isKnown(timeZone: string): boolean {
    try {
        new Intl.DateTimeFormat("en", { timeZone })
        return true
    } catch {
        return false
    }
}

/** @internal The time zone of this process, in which drivers write dates. */
export function ownTimeZone(): string {
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
    return isTimeZone(timeZone) && !/^Etc\/(UTC|Unknown)$/.test(timeZone) ? timeZone : "UTC"
}
