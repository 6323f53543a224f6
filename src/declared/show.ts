/** @internal A value as an error text names it; some have no text of their own. */
export function show(value: unknown): string {
    if (typeof value === "string") return JSON.stringify(value)
    try {
        return String(value)
    } catch {
        return Object.prototype.toString.call(value)
    }
}
