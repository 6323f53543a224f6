/** @internal Where a command writes: results and diagnostics, line by line. */
export interface Output {
    out(text: string): void
    err(text: string): void
}

/** @internal The exit status of a command. */
export type Status = 0 | 1 | 2
