/** A number of a report. It is a text, as numbers of type `"bigint"` go past what JavaScript counts exactly. */
export type AuditNumber = string

/** What an audit has found. */
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

/** One kind of what is wrong in a scope. */
export interface AuditFinding {
    readonly kind: FindingKind
    /** A note is worth a look, and is allowed by how the column was declared. */
    readonly severity: "problem" | "note"
    /** How many rows or numbers it is about. */
    readonly count: number
    /** What was found, in a sentence. */
    readonly text: string
    /** The numbers that it is about, the lowest first; the first ones where there are many. */
    readonly numbers: readonly AuditNumber[]
}

/** Why numbers are missing, by the journal. */
export interface AuditEvent {
    readonly kind: string
    readonly reason: string | null
    readonly by: string | null
    /** ISO text, in UTC. */
    readonly at: string
}

/** Numbers that are missing one after the other. */
export interface AuditRange {
    readonly from: AuditNumber
    readonly to: AuditNumber
    /** How many they are. */
    readonly count: AuditNumber
    /** Whether they are before the first row of the scope, between two, or after the last. */
    readonly place: "start" | "between" | "end"
    /**
     * `"event"` where the journal says why; `"declared"` where the column may lose numbers (`gapless: false`);
     * `"unexplained"` otherwise.
     */
    readonly cause: "event" | "declared" | "unexplained"
    readonly event: AuditEvent | null
}

/** One scope of a series, and one period of it where the series counts in periods. */
export interface ScopeAudit {
    /** The values of `uniqueWith` by the names of their columns' properties, the period among them, as texts. */
    readonly scope: Readonly<Record<string, string | null>>
    /** The lowest and the highest number that a row has. */
    readonly first: AuditNumber | null
    readonly last: AuditNumber | null
    /** How many rows have a number, the soft-deleted ones included. */
    readonly rows: number
    /** The last number that was given; NULL where there is no counter. */
    readonly counter: AuditNumber | null
    /** `"none"` for strategy `"table-lock"`, and where there are neither rows nor a counter. */
    readonly counterState: "level" | "ahead" | "behind" | "missing" | "none"
    /** When the counter moved last: ISO text in UTC. */
    readonly movedAt: string | null
    /** Whether the period was closed. */
    readonly closed: boolean
    /** How many numbers are missing, whatever explains them. */
    readonly missing: AuditNumber
    /** Which ones: the first ranges where there are many. */
    readonly ranges: readonly AuditRange[]
    /** How many ranges there are besides. */
    readonly moreRanges: number
    readonly findings: readonly AuditFinding[]
}

/** One series. */
export interface SeriesAudit {
    readonly name: string
    /** The columns that are numbered by it: `Invoice.number`. */
    readonly columns: readonly string[]
    readonly strategy: string
    readonly gapless: boolean
    readonly startAt: AuditNumber
    readonly incrementBy: AuditNumber
    /** In which periods it counts anew. */
    readonly period: string | null
    /** Why it was not looked at, or not at all of it: a table that is not there. */
    readonly problems: readonly string[]
    /** What could not be checked here. */
    readonly unchecked: readonly string[]
    /** How many rows have a number. */
    readonly rows: number
    /** How many scopes it has, and how many of them have problems. */
    readonly scopeCount: number
    readonly problemScopes: number
    /** Those with findings first. No more than `maxScopes`. */
    readonly scopes: readonly ScopeAudit[]
}

/** What an audit has found in one snapshot of a database. */
export interface AuditReport {
    /** The version of this form: it is raised where a program that reads it would have to change. */
    readonly format: 1
    /** The moment of the snapshot: ISO text in UTC. */
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
    /** References without a foreign key to rows that are gone. */
    readonly references: readonly WeakReferenceAudit[]
}

/** A column that points at rows of another table without a foreign key. */
export interface WeakReferenceAudit {
    /** `tag.objectId` */
    readonly from: string
    /** Under which condition; NULL for all rows. */
    readonly where: string | null
    /** `Article.id` */
    readonly to: string
    /** Whether it was declared, or only looks like a reference. */
    readonly origin: "declared" | "relation" | "guessed"
    /** How many rows point at nothing. */
    readonly orphans: number
    /** At which values, as texts: the first ones where there are many. */
    readonly values: readonly string[]
    /** The highest value that a row points at. */
    readonly highest: string | null
}
