/** How far a piece of work has come. */
export interface AuditProgress {
    readonly done: number
    readonly total: number
}

/** @internal Counts the steps of a piece of work, and tells them, from none on. */
export function progressOf(
    total: number,
    tell: ((progress: AuditProgress) => void) | undefined,
): { step(): void } {
    let done = 0
    tell?.({ done, total })
    return {
        step() {
            done += 1
            tell?.({ done, total })
        },
    }
}
