/** @internal Where a command writes: results and diagnostics, line by line. */
export interface Output {
    out(text: string): void
    err(text: string): void
}
