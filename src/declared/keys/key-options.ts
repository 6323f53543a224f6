import type { ColumnOptions } from "typeorm"
import type { Secret, Secrets } from "../secrets"
import type { Heads } from "./key-form"
import type { SlugOptions } from "./slug-options"

/** The formats of generated pseudo keys. */
export type KeyFormat = "nanoid" | "uuid" | "uuidv7" | "ulid" | "typeid"

/** How long a retired pseudo key is kept. */
export type KeyHistory = boolean | "forever"

/** The options of TypeORM's `@Column` that apply to a pseudo key. */
export type KeyColumnOptions = Pick<ColumnOptions, "name" | "comment" | "nullable" | "select">

/** Makes pseudo keys by encrypting the primary key, without a column. */
export interface SealOptions<Path extends string = string> {
    /**
     * The property of the primary key, of type int, bigint or uuid. For a composite primary key,
     * all of its properties.
     */
    column: Path | readonly Path[]

    /**
     * The secret needed to make and read keys: at least 32 bytes from a random source. With several
     * secrets, the first one makes keys and all of them are accepted when a key is read, so that
     * you can replace a secret. A function is called when the data source is initialized.
     */
    secret: Secret | readonly Secret[] | (() => Secret | readonly Secret[])

    /**
     * Distinguishes the keys of this entity from those of other entities with the same secret. If
     * you set it, keys stay valid when the table is renamed. You can also set it to the former
     * table name after renaming.
     *
     * Default: the prefix, or else the table name, including the schema if it isn't the schema of
     * the connection.
     */
    context?: string
}

/**
 * Returns the text of a row's pseudo key. If it returns several texts, the first one that no other
 * row has is used; if all are taken, a suffix is added to the first. NULL means that the row has no
 * key yet.
 */
export type Derive<Entity extends object = object> = (
    row: Entity,
) => string | readonly string[] | null

/** How `derive` of {@link PseudoKey} makes a key, and whether the key follows later changes. */
export interface DeriveOptions<Entity extends object = object> {
    /** A pure function that makes the key from other fields of the row. */
    from: Derive<Entity>

    /**
     * Whether a stored row gets a new key when `save()` changes the fields that its key is made
     * from. With a history, the previous key is retired.
     *
     * Default: `false`.
     */
    follow?: boolean
}

/** Options of {@link PseudoKey}. */
export interface PseudoKeyOptions<Entity extends object = object, Path extends string = string>
    extends KeyColumnOptions, Omit<SlugOptions, "length"> {
    /** Precedes the key, separated by the `delimiter`. Letters, digits and single `_`. */
    prefix?: string

    /**
     * The separator between prefix and key: `_`, `-`, `.` or `~`.
     *
     * Default: `"_"`.
     */
    delimiter?: "_" | "-" | "." | "~"

    /**
     * Prefixes that stored keys were given in the past and that still find their rows: `["inv"]`.
     * If a former prefix had another delimiter, append it (`"inv-"`); use `""` for keys without a
     * prefix. Sealed keys made with a former prefix are accepted too, unless `context` is set.
     *
     * Default: none. Rows with another prefix are not found, which {@link verifyAutoSequence}
     * reports.
     */
    formerPrefixes?: readonly string[]

    /**
     * The format of the key: `"nanoid"` (21 characters), `"uuid"` (version 4), `"uuidv7"`, `"ulid"`
     * and `"typeid"` (these three reveal the creation time), or a function. The function is called
     * again, with `attempt` 1, 2 …, if another row already has the key that it returned.
     *
     * Default: `"nanoid"`.
     */
    generate?: KeyFormat | ((row: Entity, attempt: number) => string)

    /**
     * For `"uuid"` and `"uuidv7"` without a prefix: `"uuid"` stores keys as 16 bytes, in a `uuid`
     * column on PostgreSQL and with TypeORM's `"mariadb"` driver (MariaDB 10.7 or later). Other
     * databases use `varchar(36)`. Every key is then a UUID in lower case, even if you set it
     * yourself, and look-ups accept nothing else.
     *
     * Default: `"varchar"`, with 255 characters. A migration converts one type into the other and
     * keeps the values.
     *
     * Errors: {@link InvalidOptionError} for other formats, and together with a prefix, `derive` or
     * `pattern`.
     *
     * ```ts
     * import { Entity, PrimaryGeneratedColumn } from "typeorm"
     * import { PseudoKey } from "typeorm-autosequence"
     *
     * @Entity()
     * class Device {
     *     @PrimaryGeneratedColumn()
     *     id!: number
     *
     *     @PseudoKey({ generate: "uuidv7", type: "uuid" })
     *     publicId!: string // 01932c07-209c-7f31-8b5a-3f1f3a0c9c6e
     * }
     * ```
     */
    type?: "varchar" | "uuid"

    /**
     * A pattern that the whole key after its prefix must match, whether it is generated or set by
     * you. Keys of stored rows are not checked.
     *
     * Default: what the format produces, or any key.
     */
    pattern?: RegExp

    /**
     * A pure function that makes the key from other fields of the row, from its numbers, and from
     * the relations listed in `relations`. The result is made URL-safe: `"Crème brûlée, 50 %"`
     * becomes `"creme-brulee-50"`. {@link slugify} does this, and you can set its options next to
     * `derive`: `case`, `separator`, `language`, `letters`. If another row already has that key,
     * the `suffix` is added. If nothing remains, `generate` makes the key.
     *
     * It receives a copy of the row that is about to be stored. The key of a stored row doesn't
     * change with its fields, unless you use `{ from, follow: true }`. While a number that it reads
     * is NULL, the key is NULL too.
     */
    derive?: Derive<Entity> | DeriveOptions<Entity>

    /**
     * For `derive`: `"lower"` converts letters to lower case, `"keep"` leaves them as they are.
     *
     * Default: `"lower"`, or `"keep"` for a key made from a number of its row: `INV-7`.
     */
    case?: "lower" | "keep"

    /**
     * `"unicode"` allows letters and digits of all scripts in keys, and `derive` keeps them: `東京`.
     * Keys are stored composed (NFC). Encode them in URLs; look-ups accept both forms.
     *
     * Default: `"ascii"`.
     */
    letters?: "ascii" | "unicode"

    /**
     * For `derive`: the suffix added if another row already has the key. `"number"` or `true`
     * (`acme`, `acme-2`, `acme-3`), `"random"` (`acme-x4k2p9`, which doesn't reveal how many there
     * are), or `false`, which refuses the row with {@link KeyTakenError}.
     *
     * Default: `"number"`, or `false` for a key made from a number of its row
     * (`@AutoSequenceColumn`), because `INV-7-2` would be mistaken for another invoice.
     */
    suffix?: boolean | "number" | "random"

    /**
     * Keys that no row may have because they are parts of addresses, in upper or lower case. A
     * derived key gets a suffix, or is refused if it takes none. A generated key is generated
     * again. A key that you set is refused with {@link InvalidKeyError}. Start with
     * {@link RESERVED_KEYS}. Existing rows keep such keys.
     *
     * Default: none.
     */
    reserved?: readonly string[]

    /**
     * For `derive`: the paths of the many-to-one relations that it reads, such as
     * `"category.parent"`. Relations that aren't loaded on the row are loaded with one statement
     * for all rows of a call.
     *
     * Default: none. The relations that it reads must already be loaded.
     */
    relations?: readonly string[]

    /**
     * For `derive`: `"insert"` calls it right after the INSERT, so that it can read values that
     * only the INSERT produces, such as the generated primary key or the number of a trigger. A
     * second statement writes the key, so the insert must be part of a transaction.
     *
     * Default: it is called before the INSERT.
     */
    after?: "insert"

    /**
     * No column at all: the key is computed from the primary key. It can't be guessed or forged,
     * and is read back without a query.
     */
    seal?: SealOptions<Path>

    /**
     * For `"nanoid"`: the number of random characters. For `derive`: the maximum number of
     * characters after the prefix, including the suffix. Longer keys are cut at the end of a word.
     *
     * Default: `21`; for `derive`, what fits into the column.
     */
    length?: number

    /**
     * For `"nanoid"`: the characters to choose from, out of letters, digits, `-` and `_`.
     *
     * Default: all 64 of these.
     */
    alphabet?: string

    /**
     * The properties within whose values keys are unique: columns, many-to-one relations, paths
     * into embedded entities. Look-ups must then give their values.
     *
     * Default: none. Keys are unique within the table. If `derive` reads a number of the row but
     * not the number's scope, the default is the `uniqueWith` of the number; set `[]` for the whole
     * table.
     */
    uniqueWith?: Path | readonly Path[]

    /**
     * Whether a key still finds its row after it was changed, and is never accepted for another
     * row. When the row is deleted its keys are free again, unless this is `"forever"`.
     *
     * Default: `false`.
     */
    history?: KeyHistory

    /**
     * With `history`: the name under which the keys are kept in the history. If you set it, they
     * are kept when the table or column is renamed.
     *
     * Default: `<table>.<column>`, without the schema if the history is in the same one.
     *
     * Errors: {@link InvalidOptionError} if another key has the same name.
     *
     * ```ts
     * import { Entity, PrimaryGeneratedColumn } from "typeorm"
     * import { PseudoKey } from "typeorm-autosequence"
     *
     * @Entity()
     * class Page {
     *     @PrimaryGeneratedColumn()
     *     id!: number
     *
     *     @PseudoKey({ history: true, series: "pages" })
     *     slug!: string
     * }
     * ```
     */
    series?: string
}

/** @internal The options of a key in a column, checked. */
export interface StoredKeyOptions extends Heads {
    readonly prefix?: string
    readonly format: KeyFormat
    readonly generate?: (row: object, attempt: number) => unknown
    readonly derive?: (row: object) => unknown
    /** Whether a stored row gets another one when what it is made of changes. */
    readonly follows: boolean
    readonly slug: Omit<SlugOptions, "length">
    readonly suffix?: boolean | "number" | "random"
    readonly letters: "ascii" | "unicode"
    /** Whether the column is to be one of UUIDs. */
    readonly isUuid: boolean
    /** What a key has to be behind its prefix, as a whole. */
    readonly pattern?: RegExp
    /** In small letters. */
    readonly reserved: ReadonlySet<string>
    readonly relations: readonly string[]
    readonly isAfterInsert: boolean
    readonly length?: number
    readonly alphabet?: string
    /** Undefined where the caller has not said. */
    readonly uniqueWith?: readonly string[]
    readonly history: KeyHistory
    readonly series?: string
}

/** @internal */
export interface SealedKeyOptions extends Heads {
    readonly prefix?: string
    readonly columns: readonly string[]
    readonly secrets: Secrets
    readonly context?: string
}

/** @internal */
export type KeyOptions =
    | { readonly stored: StoredKeyOptions; readonly column: ColumnOptions }
    | { readonly sealed: SealedKeyOptions }
