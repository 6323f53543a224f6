import type { ReasonOptions } from "../../numbers/journal/with-reason"

/** Options of `import` of {@link seriesOf}. */
export interface ImportOptions extends ReasonOptions {
    /**
     * The formats of the texts, written as for `@DocumentNumber`. They are tried before the format
     * of the property.
     *
     * Default: none.
     */
    formats?: readonly string[]

    /**
     * How many rows are inserted by one statement.
     *
     * Default: `500`.
     */
    batchSize?: number

    /** Called after each batch. */
    onProgress?: (progress: ImportProgress) => void
}

/** The progress of `import` of {@link seriesOf}. */
export interface ImportProgress {
    readonly done: number
    readonly total: number
    /** How many rows per second have been inserted so far. */
    readonly perSecond: number
}

/** The result of `import` of {@link seriesOf}. */
export interface ImportResult {
    /** How many rows were inserted. */
    readonly imported: number
    /** How many scopes and periods these rows belong to. */
    readonly scopes: number
}
