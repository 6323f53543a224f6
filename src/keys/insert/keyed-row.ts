import type { ObjectLiteral } from "typeorm"
import { headIn, isKey, isUnicodeKey } from "../../declared/keys/key-form"
import { InvalidKeyError } from "../../errors"
import type { InsertRow } from "../../inserts/insert"
import { matches } from "../free/candidates"
import { reservedError } from "../free/wish"
import { viewOfInserting } from "../derive/inserting-view"
import type { RowView } from "../derive/row-view"
import type { StoredKey } from "../pseudo-key"

const NONE: readonly StoredKey[] = []

/**
 * A row that is inserted, and its pseudo keys.
 * @internal
 */
export class KeyedRow {
    /** Those that the caller has set. */
    readonly explicit: readonly StoredKey[]
    readonly missing: readonly StoredKey[]
    /** The primary key of the stored row, as far as it is known. */
    id?: ObjectLiteral
    /** Keys that were found free, by the library's own look. */
    readonly found = new Set<StoredKey>()
    /** By the places of the keys. */
    private readonly texts: (string | null | undefined)[] = []
    private viewed?: RowView

    constructor(
        readonly row: InsertRow,
        readonly keys: readonly StoredKey[],
    ) {
        const explicit: StoredKey[] = []
        for (const [at, key] of keys.entries()) {
            const cell = row.cell(key.column)
            if (cell.kind === "default") continue
            const value: unknown = cell.kind === "value" ? cell.value : cell
            if (isNone(value)) continue
            refuseInvalid(key, value)
            const text = composed(key, value)
            if (text !== value) row.assign(key.column, text)
            this.texts[at] = text
            explicit.push(key)
        }
        this.explicit = explicit.length > 0 ? explicit : NONE
        this.missing = explicit.length > 0 ? keys.filter((key) => !explicit.includes(key)) : keys
    }

    /** Those that are made when the row is in the table. */
    get late(): readonly StoredKey[] {
        return this.missing.some(isLate) ? this.missing.filter(isLate) : NONE
    }

    /** The row as the caller's functions see it. */
    get view(): RowView {
        return (this.viewed ??= viewOfInserting(this.row))
    }

    /** NULL where it is to have none yet. */
    textOf(key: StoredKey): string | null {
        return this.texts[this.keys.indexOf(key)] ?? null
    }

    /** Notes a key that it gets. */
    give(key: StoredKey, text: string | null): void {
        this.texts[this.keys.indexOf(key)] = text
        this.viewed?.set(key.column, text)
    }

    /** The same, and puts it into the INSERT. */
    assign(key: StoredKey, text: string | null): void {
        this.give(key, text)
        this.row.assign(key.column, text)
    }

    /** Puts a key into the INSERT that stands in for the one that is made afterwards. */
    holdPlace(key: StoredKey, text: string): void {
        this.texts[this.keys.indexOf(key)] = text
        this.row.assign(key.column, text)
    }
}

/** @internal Whether the row has to be in the table before the key is made. */
export function isLate({ isAfterInsert }: StoredKey): boolean {
    return isAfterInsert
}

/** @internal Whether keys are looked for before they are given: the others are never the same. */
export function isLookedFor({ derive, generateFor, isUnique }: StoredKey): boolean {
    return derive !== undefined || generateFor !== undefined || !isUnique
}

/** @internal Whether a key that the caller sets may be one that others are about to be given, or have had. */
export function isContended(key: StoredKey): boolean {
    return key.history !== false || isLookedFor(key)
}

/** @internal What a form leaves empty is no key that the caller sets. */
export function isNone(value: unknown): boolean {
    return value === undefined || value === null || value === ""
}

/** @internal A key as it is stored, in which the same letters are written in the same way. */
export function composed({ letters }: StoredKey, text: string): string {
    return letters === "unicode" ? text.normalize("NFC") : text
}

/** @internal Refuses what can't be the key of a row. */
export function refuseInvalid(key: StoredKey, value: unknown): asserts value is string {
    const isRight: (text: unknown) => text is string =
        key.letters === "unicode" ? isUnicodeKey : isKey
    if (!isRight(value))
        throw new InvalidKeyError(
            `${key.label} is set to something that is no key (of type ${typeof value}). A key is 1 to 255 ` +
                "letters, digits and -, _, ., ~.",
        )
    if (headIn(key, value) === undefined)
        throw new InvalidKeyError(
            `${key.label} is set to a key that does not begin with "${key.head}". Set one that does.`,
        )
    if (!matches(key, value))
        throw new InvalidKeyError(
            `${key.label} is set to a key that does not match its pattern. Set one that does, or leave it undefined.`,
        )
    if (key.isReserved(value)) throw reservedError(key)
}

/** @internal Whether a key may wait for the number of its row: one that can't be NULL is there since the INSERT. */
export function isMadeOfNumber({ derive, column }: StoredKey): boolean {
    return derive !== undefined && column.isNullable
}
