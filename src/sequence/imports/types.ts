import type { ReasonOptions } from "../../numbers/journal/with-reason"

/** What `import` of {@link seriesOf} takes. */
export interface ImportOptions extends ReasonOptions {
    /**
     * Formats that the texts have, as a `@DocumentNumber` names them: they are asked before that of the property.
     *
     * Default is none.
     */
    formats?: readonly string[]

    /**
     * How many rows are inserted by one statement.
     *
     * Default is `500`.
     */
    batchSize?: number

    /** Called after each batch. */
    onProgress?: (progress: ImportProgress) => void
}

/** How far `import` of {@link seriesOf} has come. */
export interface ImportProgress {
    readonly done: number
    readonly total: number
    /** How many rows are inserted in a second, up to now. */
    readonly perSecond: number
}

/** What `import` of {@link seriesOf} resolves to. */
export interface ImportResult {
    /** How many rows were inserted. */
    readonly imported: number
    /** How many scopes and periods they are of. */
    readonly scopes: number
}
