import type { AuditProgress } from "../../maintenance/progress"

/** What a line of {@link diagnose} is about. */
export type DiagnosisCheck =
    /** This library, TypeORM, Node.js and the server: whether these versions are supported. */
    | "versions"
    /** Whether the options of the columns fit the entities and the database, and the subscriber is there. */
    | "data source"
    /** The migrations of the data source that have not run. */
    | "migrations"
    /** The tables and columns of numbers and keys. */
    | "tables"
    /** Their unique indexes. */
    | "indexes"
    /** How keys are compared, and whether they have their prefix. */
    | "keys"
    /** Whether the database knows the time zones that periods need. */
    | "time zones"
    /** Triggers: missing, disabled, of other options, not read by the server, of a user who is gone. */
    | "triggers"
    /** What is kept under a name that no column has: after a rename, or after a column has gone. */
    | "names"
    /** Counters that are missing or behind their rows. */
    | "counters"
    /** What the user of the data source may do. */
    | "rights"
    /** Whether the server takes rows, and how its settings bear on numbers. */
    | "server"
    /** How many connections the pool opens, and how many the server allows. */
    | "connections"
    /** What the cluster does that the server is in. */
    | "cluster"

/** A line of {@link Diagnosis}. */
export interface DiagnosisLine {
    readonly check: DiagnosisCheck
    /** `"warning"`: everything works, but something deserves a look. */
    readonly status: "ok" | "warning" | "problem"
    /** What was found, in a sentence or two. */
    readonly text: string
    /**
     * The command or SQL that fixes it; `null` if there is nothing to fix, or the text says how.
     */
    readonly remedy: string | null
}

/** The result of {@link diagnose}. */
export interface Diagnosis {
    readonly format: 1
    /** When it was made: ISO string in UTC. */
    readonly at: string
    readonly database: { readonly type: string; readonly version: string; readonly name: string }
    readonly versions: { readonly library: string; readonly typeorm: string; readonly node: string }
    readonly lines: readonly DiagnosisLine[]
    /** How many lines are problems. */
    readonly problems: number
    /** How many lines are warnings. */
    readonly warnings: number
}

/** Options of {@link diagnose}. */
export interface DiagnoseOptions {
    /**
     * Whether counters are compared with the numbers of their rows, which reads all of these rows.
     *
     * Default: `true`.
     */
    counters?: boolean

    /** Called when the counters of a series have been compared. */
    onProgress?: (progress: AuditProgress) => void

    /**
     * Aborting it ends the diagnosis before the next check. The promise rejects with the signal's
     * reason.
     */
    signal?: AbortSignal
}

/** @internal */
export const ok = (check: DiagnosisCheck, text: string): DiagnosisLine => ({
    check,
    status: "ok",
    text,
    remedy: null,
})

/** @internal */
export const problem = (
    check: DiagnosisCheck,
    text: string,
    remedy: string | null = null,
): DiagnosisLine => ({ check, status: "problem", text, remedy })

/** @internal */
export const warning = (
    check: DiagnosisCheck,
    text: string,
    remedy: string | null = null,
): DiagnosisLine => ({ check, status: "warning", text, remedy })
