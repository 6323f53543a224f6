/**
 * A number in a report. It is a string, because numbers of type `"bigint"` can exceed what
 * JavaScript represents exactly.
 */
export type AuditNumber = string

/** The kinds of findings of an audit. */
export type FindingKind =
    /** Numbers that were passed over and that no row has, and nothing explains. */
    | "gap"
    /** One number of several rows. */
    | "duplicate"
    /** The counter is lower than a row: the next number is there already. */
    | "counter-behind"
    /** Rows have numbers, and their scope has no counter. */
    | "counter-missing"
    /** The text of a row does not show its number. */
    | "text"
    /** It does, and is not as the format of today would make it. */
    | "text-format"
    /** The date of a row lies in another period than the one that it is numbered in. */
    | "period"
    /** The date of a row lies before that of a lower number of its scope. */
    | "date-order"
    /** A row for which the condition of its number does not hold has one. */
    | "draft-numbered"
    /** A row that is to have a number has none. */
    | "unnumbered"
    /** A number below the first one that the column gives. */
    | "below-start"
    /** A row has a number that the journal says was skipped. */
    | "skipped"
    /** A number was set again after a row with it was deleted or moved, and nobody gave a reason. */
    | "reused"

/** One kind of finding in a scope. */
export interface AuditFinding {
    readonly kind: FindingKind
    /** A note deserves a look, but the declaration of the column allows it. */
    readonly severity: "problem" | "note"
    /** How many rows or numbers are affected. */
    readonly count: number
    /** The finding in a sentence. */
    readonly text: string
    /** The affected numbers in ascending order. If there are many, only the first ones. */
    readonly numbers: readonly AuditNumber[]
}

/** Why numbers are missing, according to the journal. */
export interface AuditEvent {
    readonly kind: string
    readonly reason: string | null
    readonly by: string | null
    /** ISO string, in UTC. */
    readonly at: string
}

/** A range of consecutive missing numbers. */
export interface AuditRange {
    readonly from: AuditNumber
    readonly to: AuditNumber
    /** How many numbers are in the range. */
    readonly count: AuditNumber
    /**
     * Whether the range is before the first row of the scope, between two rows, or after the last
     * row.
     */
    readonly place: "start" | "between" | "end"
    /**
     * `"event"` if the journal gives a reason; `"declared"` if the column may lose numbers
     * (`gapless: false`); `"unexplained"` otherwise.
     */
    readonly cause: "event" | "declared" | "unexplained"
    readonly event: AuditEvent | null
}

/** One scope of a series, or one period of it if the series has periods. */
export interface ScopeAudit {
    /** The values of `uniqueWith` and the period as strings, by the properties of their columns. */
    readonly scope: Readonly<Record<string, string | null>>
    /** The lowest and the highest number that a row has. */
    readonly first: AuditNumber | null
    readonly last: AuditNumber | null
    /** How many rows have a number, including soft-deleted rows. */
    readonly rows: number
    /** The last number that was assigned. NULL if there is no counter. */
    readonly counter: AuditNumber | null
    /** `"none"` for strategy `"table-lock"`, and if there are neither rows nor a counter. */
    readonly counterState: "level" | "ahead" | "behind" | "missing" | "none"
    /** When the counter was last incremented: ISO string in UTC. */
    readonly movedAt: string | null
    /** Whether the period was closed. */
    readonly closed: boolean
    /** How many numbers are missing, whether explained or not. */
    readonly missing: AuditNumber
    /** The missing ranges. If there are many, only the first ones. */
    readonly ranges: readonly AuditRange[]
    /** How many more ranges there are. */
    readonly moreRanges: number
    readonly findings: readonly AuditFinding[]
}

/** One series. */
export interface SeriesAudit {
    readonly name: string
    /** The columns numbered by it: `Invoice.number`. */
    readonly columns: readonly string[]
    readonly strategy: string
    readonly gapless: boolean
    readonly startAt: AuditNumber
    readonly incrementBy: AuditNumber
    /** The periods in which its numbering restarts. */
    readonly period: string | null
    /**
     * Why the series was not audited, or not completely, for example because a table is missing.
     */
    readonly problems: readonly string[]
    /** What could not be checked here. */
    readonly unchecked: readonly string[]
    /** How many rows have a number. */
    readonly rows: number
    /** How many scopes it has, and how many of them have problems. */
    readonly scopeCount: number
    readonly problemScopes: number
    /** The scopes, those with findings first. At most `maxScopes`. */
    readonly scopes: readonly ScopeAudit[]
}

/** What an audit found in one snapshot of a database. */
export interface AuditReport {
    /**
     * The version of this format. It is incremented when programs that read the report have to
     * change.
     */
    readonly format: 1
    /** When the snapshot was taken: ISO string in UTC. */
    readonly at: string
    readonly database: {
        readonly type: string
        readonly version: string
        readonly name: string
    }
    readonly versions: { readonly library: string; readonly typeorm: string; readonly node: string }
    /** How many problems there are. Notes are not counted. */
    readonly problems: number
    readonly series: readonly SeriesAudit[]
    /** References without a foreign key to rows that no longer exist. */
    readonly references: readonly WeakReferenceAudit[]
}

/** A column that refers to rows of another table without a foreign key. */
export interface WeakReferenceAudit {
    /** `tag.objectId` */
    readonly from: string
    /** The condition under which it refers to them. NULL for all rows. */
    readonly where: string | null
    /** `Article.id` */
    readonly to: string
    /** Whether it was declared, or only looks like a reference. */
    readonly origin: "declared" | "relation" | "guessed"
    /** How many rows refer to a row that doesn't exist. */
    readonly orphans: number
    /** The values of those rows as strings. If there are many, only the first ones. */
    readonly values: readonly string[]
    /** The highest value that a row refers to. */
    readonly highest: string | null
}
