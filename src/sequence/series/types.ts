import type { DeepPartial } from "typeorm"
import type { PropertyPath } from "../../keys/property-path"
import type { SequenceScopeValue } from "../types"

/**
 * The scope of a numbered column: a value for each property of its `uniqueWith`. That of a relation is the row
 * that it leads to, or the key of that. Where the column counts anew in each period, the period as well: by its
 * name (`period: "2026"`), or by a date that lies in it, in the property that `period.of` names; where the time zone
 * is in another property, that one too.
 */
export type SeriesScope<Entity> = {
    readonly [Path in PropertyPath<Entity>]?: SequenceScopeValue | object
} & { readonly period?: string }

/** A row, by its entity, by an object that has its primary key, or by the value of that. */
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

/** What `preview` of {@link seriesOf} resolves to. */
export interface NumberPreview<NumberType> {
    readonly number: NumberType
    /**
     * The number as people read it: the text of its first `@DocumentNumber`, or its digits. Tokens of what the scope
     * does not tell stay as they are.
     */
    readonly text: string
    /** Others may get it first: it is theirs who insert the next row. */
    readonly reserved: false
}

/** What `parse` of {@link seriesOf} returns: the parts of a text. */
export interface ParsedNumber<NumberType> {
    readonly number: NumberType
    /** The name of its period, where the text tells it. A year of two digits is one of this century. */
    readonly period?: string
    /** What else it shows, by the names of properties; the code of the series as `series.code`. */
    readonly values: Readonly<Record<string, string>>
}

/** What `assign` of {@link seriesOf} takes. */
export interface AssignOptions<Entity> {
    /**
     * What the UPDATE that gives a row its number sets besides: the status, the date.
     *
     * Default is nothing.
     */
    set?: DeepPartial<Entity>

    /**
     * The order in which several rows get their numbers, by their stored values; rows that are alike in these, by their
     * primary keys.
     *
     * Default is the order in which they are given.
     */
    orderBy?: { readonly [Path in PropertyPath<Entity>]?: "ASC" | "DESC" }
}

/** What `move` of {@link seriesOf} takes. */
export interface MoveOptions<Entity> {
    /** What the UPDATE sets: the properties that make the new scope, the date of the new period, and others. */
    set: DeepPartial<Entity>

    /** Why. It is kept in the journal, where the column keeps one. */
    reason?: string

    /** Who did it. */
    by?: string
}

/** What `setNext` of {@link seriesOf} takes. */
export interface SetNextOptions {
    /** Why. It is kept in the journal, where the column keeps one. */
    reason?: string

    /** Who did it. */
    by?: string
}
