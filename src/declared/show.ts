/** @internal A value as an error text names it. */
export function show(value: unknown): string {
    return typeof value === "string" ? JSON.stringify(value) : String(value)
}
