/** The progress of a task. */
export interface AuditProgress {
    readonly done: number
    readonly total: number
}

/** @internal Counts the steps of a task, and reports them, starting with none. */
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
