import type { DeepPartial } from "typeorm"
import type { PropertyPath } from "../../keys/property-path"
import type { SequenceScopeValue } from "../types"

/**
 * The scope of a numbered column: a value for each property of its `uniqueWith`. The value of a
 * relation is the related row, or its key. If the column has periods, also the period: by name
 * (`period: "2026"`), or by a date within it, in the property named by `period.of`. If the time
 * zone is in another property, include that property too.
 */
export type SeriesScope<Entity> = {
    readonly [Path in PropertyPath<Entity>]?: SequenceScopeValue | object
} & { readonly period?: string }

/** A row: its entity, an object with its primary key, or the value of the primary key. */
export type SeriesRow<Entity> = Partial<Entity> | string | number | bigint

/** What is at a path of an entity. */
type ValueAt<Entity, Path extends string> = Path extends keyof Entity
    ? Entity[Path]
    : Path extends `${infer Name}.${infer Rest}`
      ? Name extends keyof Entity
          ? ValueAt<NonNullable<Entity[Name]>, Rest>
          : unknown
      : unknown

/** A number as the entity has it: `number`, or `string` for type `"bigint"`. */
export type SeriesNumber<Entity, Path extends string> = NonNullable<ValueAt<Entity, Path>>

/** The result of `preview` of {@link seriesOf}. */
export interface NumberPreview<NumberType> {
    readonly number: NumberType
    /**
     * The number as people read it: the text of its first `@DocumentNumber`, or its digits. Tokens
     * whose values the scope doesn't contain are left as they are.
     */
    readonly text: string
    /** The number isn't reserved: the next row to be inserted gets it. */
    readonly reserved: false
}

/** The result of `parse` of {@link seriesOf}: the parts of a text. */
export interface ParsedNumber<NumberType> {
    readonly number: NumberType
    /** The name of its period, if the text contains it. A two-digit year is in this century. */
    readonly period?: string
    /** The other values that it shows, by property; the code of the series as `series.code`. */
    readonly values: Readonly<Record<string, string>>
}

/** Options of `assign` of {@link seriesOf}. */
export interface AssignOptions<Entity> {
    /**
     * Other values that the UPDATE sets along with the number: the status, the date.
     *
     * Default: none.
     */
    set?: DeepPartial<Entity>

    /**
     * The order in which several rows get their numbers, by their stored values. Rows that are
     * equal in these are ordered by primary key.
     *
     * Default: the order in which they are given.
     */
    orderBy?: { readonly [Path in PropertyPath<Entity>]?: "ASC" | "DESC" }
}

/** Options of `move` of {@link seriesOf}. */
export interface MoveOptions<Entity> {
    /**
     * The values that the UPDATE sets: the properties of the new scope, the date of the new period,
     * and others.
     */
    set: DeepPartial<Entity>

    /** The reason. It is recorded in the journal, if the column keeps one. */
    reason?: string

    /** Who did it. */
    by?: string
}

/** Options of `setNext` of {@link seriesOf}. */
export interface SetNextOptions {
    /** The reason. It is recorded in the journal, if the column keeps one. */
    reason?: string

    /** Who did it. */
    by?: string
}
