import type { EntityMetadata } from "typeorm"
import type { Heads } from "../declared/keys/key-form"
import type { KeyHistory } from "../declared/keys/key-options"
import type { SlugOptions } from "../declared/keys/slug-options"
import type { Scoped } from "../series/series"
import type { ColumnMetadata } from "../typeorm/names"
import type { KeySeal } from "./sealed/composite-seal"

/** @internal Relations by their names, each with those behind it. */
export interface RelationTree {
    readonly [name: string]: RelationTree
}

/** @internal A pseudo key in a column of one entity in one data source. */
export interface StoredKey extends Scoped, Heads {
    /** `<table>.<column>` or the name that the options give, as the history names it. */
    readonly name: string
    /** `<Entity>.<property>`, as error texts name it. */
    readonly label: string
    readonly propertyPath: string
    /** Makes a key, prefix included. */
    generate(): string
    /** Whether no two keys of `generate` are ever the same. */
    readonly isUnique: boolean
    /** The format of `generate`, where a database can make it as well. */
    readonly format?: { readonly name: "nanoid" | "uuid"; readonly length: number }
    /** A function of the caller's, in place of `generate`. */
    readonly generateFor?: (row: object, attempt: number) => unknown
    readonly derive?: (row: object) => unknown
    /** Whether a stored row gets another one when what it is made of changes. */
    readonly follows: boolean
    /** Whether `derive` reads a column of its row, as far as a call of it shows. */
    reads(column: ColumnMetadata): boolean
    /** How the text that `derive` has made becomes a key. */
    readonly slug: Omit<SlugOptions, "length">
    /** What stands between words, and before a suffix. */
    readonly separator: string
    /** The most characters of a key that `derive` makes, prefix and suffix included. */
    readonly longest: number
    /** Undefined where it is as derive makes it of a number, or not. */
    readonly suffix?: boolean | "number" | "random"
    readonly letters: "ascii" | "unicode"
    /** Whether keys are UUIDs, in a column for these where the database has them. */
    readonly isUuid: boolean
    /** What a key has to be behind its prefix. */
    readonly pattern?: RegExp
    /** Whether a key is one that no row may be given. */
    isReserved(text: string): boolean
    /** What `derive` reads of other rows. */
    readonly relations: RelationTree
    /** Whether `derive` is called when the row is in the table. */
    readonly isAfterInsert: boolean
    readonly history: KeyHistory
}

/** @internal A pseudo key that is computed from the primary key. */
export interface SealedKey extends Heads {
    readonly metadata: EntityMetadata
    /** The primary key. */
    readonly columns: readonly ColumnMetadata[]
    readonly propertyPath: string
    /** By what keys begin with; the first one makes them. */
    readonly seals: readonly { readonly head: string; readonly seal: KeySeal }[]
}

/** @internal The pseudo keys of an entity, its parents' included. */
export interface PseudoKeys {
    readonly stored: readonly StoredKey[]
    readonly sealed: readonly SealedKey[]
}

/** @internal */
export type AnyKey = StoredKey | SealedKey

/** @internal */
export function isSealed(key: AnyKey): key is SealedKey {
    return "seals" in key
}
