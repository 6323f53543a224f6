import type { Characters } from "../declared/documents/characters"
import type { Format } from "../declared/documents/document-options"
import type { StartOf } from "../declared/numbers/number-options"
import type { Strategy } from "../declared/numbers/strategies"
import type { CountedColumn, ScopedColumn } from "../dialects/columns"
import type { Dialect } from "../dialects/dialect"
import type { ColumnMetadata } from "../typeorm/names"
import type { RowCondition } from "./when/row-condition"
import type { Path } from "./path"
import type { Period } from "./periods/resolve-period"
import { zoneColumns } from "./periods/zone"

/** @internal A property of `uniqueWith`; a relation can have several columns. */
export interface ScopeProperty {
    readonly path: string
    readonly columns: readonly ColumnMetadata[]
}

/** @internal A column whose values are unique in each scope on its own. */
export interface Scoped extends ScopedColumn {
    readonly dialect: Dialect
    readonly scope: readonly ScopeProperty[]
}

/** @internal A numbered column of one entity in one data source. */
export interface Series extends Scoped, CountedColumn {
    /** `<table>.<column>`, or the name that several share. */
    readonly name: string
    readonly strategy: Strategy
    /** In which it counts anew; the column of its name is the last one of the scope. */
    readonly period?: Period
    /** Under which a row has a number. */
    readonly when?: RowCondition
    /** Whether numbers are made as the last thing before COMMIT. */
    readonly assignsAtCommit: boolean
    /** Whether a row with a number may be deleted: `"withReason"` where somebody says why. */
    readonly deletable: boolean | "withReason"
    /** Whether the options ask for the journal. */
    readonly journal: boolean
    /** Whether formats or codes are set while the application runs. */
    readonly settings: boolean
    /** Whether no date may lie before that of the last number of its scope. */
    readonly ascends: boolean
    readonly gapless: boolean
    /** How many numbers are taken from the counter at once. */
    readonly cache: bigint
    readonly startAt: bigint
    /** The first number of the scope of a row, where not all scopes have the same. */
    readonly startOf?: StartOf
    readonly incrementBy: bigint
    /** The texts that show its numbers. */
    readonly documents: readonly Document[]
    /** Whether the caller may set numbers. */
    readonly takesExplicit: boolean
}

/** @internal The text of a number: what people read of it, stored beside it. */
export interface Document extends Scoped {
    readonly series: Series
    readonly format: Format
    /** What the known formats show of a row, and what chooses among them, by their names. */
    readonly paths: ReadonlyMap<string, Path>
    readonly maxLength: number
    /** Whether the options say so. */
    readonly isLimited: boolean
    readonly characters?: Characters
    /** Whether scopes may have formats of their own, from a date on. */
    readonly hasSettings: boolean
    /** Whether a known format shows the code of the scope. */
    readonly showsCode: boolean
    /** For errors. */
    readonly place: string
}

/** @internal The name of a column in error messages. */
export function placeOf({ metadata, column, name }: Scoped): string {
    const place = `${metadata.name}.${column.propertyPath}`
    const isOwn = name.endsWith(`${metadata.tableName}.${column.databaseName}`)
    return isOwn ? place : `${place} (series ${name})`
}

/** @internal The properties that make a scope, as errors list them. */
export function pathsOf({ scope }: Pick<Scoped, "scope">): string {
    return scope.map(({ path }) => path).join(", ")
}

/** @internal The columns that show a number: its own, that of its period, and those of its texts. */
export function numberColumns({
    column,
    period,
    documents,
}: Series): readonly [ColumnMetadata, ...ColumnMetadata[]] {
    return [
        column,
        ...(period ? [period.column] : []),
        ...documents.map((document) => document.column),
    ]
}

/** @internal The columns that are assigned together with the number, including the number itself. */
export function madeColumns({ column, period, documents }: Series): readonly ColumnMetadata[] {
    return [
        column,
        ...(period ? [period.column, period.date] : []),
        ...documents.map((document) => document.column),
    ]
}

/** @internal The columns of a row that tell its period. */
export function datingColumns({ period }: Pick<Series, "period">): readonly ColumnMetadata[] {
    return period ? [period.date, ...zoneColumns(period.zone)] : []
}

/** @internal Whether its last numbers are kept in the counter table. */
export function hasCounters({ strategy }: Pick<Series, "strategy">): boolean {
    return strategy !== "table-lock"
}

/** @internal Whether there are rows that get their numbers by other statements than their INSERT. */
export function isLate({ when, assignsAtCommit }: Series): boolean {
    return when !== undefined || assignsAtCommit
}
