import type { ColumnOptions } from "typeorm"
import type { Secret, Secrets } from "../secrets"
import type { Heads } from "./key-form"
import type { SlugOptions } from "./slug-options"

/** The formats that a pseudo key can have. */
export type KeyFormat = "nanoid" | "uuid" | "uuidv7" | "ulid" | "typeid"

/** How long a pseudo key that its row no longer has is kept. */
export type KeyHistory = boolean | "forever"

/** The options of TypeORM's `@Column` that make sense for a pseudo key. */
export type KeyColumnOptions = Pick<ColumnOptions, "name" | "comment" | "nullable" | "select">

/** Makes pseudo keys of primary keys, without a column. */
export interface SealOptions<Path extends string = string> {
    /** The property of the primary key, of type int, bigint or uuid; of a composite one all of them. */
    column: Path | readonly Path[]

    /**
     * What the keys can't be made or read without: at least 32 bytes, from a random source. Of
     * several the first makes keys, and all of them are accepted when a key is read, so that one can
     * be replaced by another. A function is called when the data source is initialized.
     */
    secret: Secret | readonly Secret[] | (() => Secret | readonly Secret[])

    /**
     * What tells the keys of this entity from those of others with the same secret. Keys stay valid
     * when the table is renamed, if it has had this before, or its former name from then on.
     *
     * Default is the prefix, or else the name of the table, with its schema where that is not the one
     * of the connection.
     */
    context?: string
}

/**
 * Makes the text of a pseudo key of a row. Of several texts the first one is taken that no other row has, and a
 * suffix goes behind the first. NULL is for rows that have no key yet.
 */
export type Derive<Entity extends object = object> = (
    row: Entity,
) => string | readonly string[] | null

/** What `derive` of {@link PseudoKey} is made of, and whether it follows that. */
export interface DeriveOptions<Entity extends object = object> {
    /** A pure function that makes the key of other fields of the row. */
    from: Derive<Entity>

    /**
     * Whether a stored row gets a new key when `save()` changes what its key is made of. With a history the one
     * before is retired.
     *
     * Default is `false`.
     */
    follow?: boolean
}

/** What {@link PseudoKey} takes. */
export interface PseudoKeyOptions<Entity extends object = object, Path extends string = string>
    extends KeyColumnOptions, Omit<SlugOptions, "length"> {
    /** What stands before the key, with the `delimiter` between. Letters, digits and single `_`. */
    prefix?: string

    /**
     * What stands between prefix and key: `_`, `-`, `.` or `~`.
     *
     * Default is `"_"`.
     */
    delimiter?: "_" | "-" | "." | "~"

    /**
     * Prefixes that keys of stored rows were given before, and still lead to their rows: `["inv"]`. One that had
     * another delimiter ends with that (`"inv-"`), and `""` is for keys that had none. Sealed keys that were made with one
     * are accepted as well, where `context` is not given.
     *
     * Default is none: rows with another prefix are not found, which {@link verifyAutoSequence} reports.
     */
    formerPrefixes?: readonly string[]

    /**
     * The format of the key: `"nanoid"` (21 characters), `"uuid"` (version 4), `"uuidv7"`,
     * `"ulid"` and `"typeid"` (which tell when they were made), or a function. That one is called again, with
     * `attempt` 1, 2 …, where another row has the key that it gave.
     *
     * Default is `"nanoid"`.
     */
    generate?: KeyFormat | ((row: Entity, attempt: number) => string)

    /**
     * For `"uuid"` and `"uuidv7"`, without a prefix: `"uuid"` keeps keys as 16 bytes, in a column of the type `uuid` of
     * PostgreSQL and of TypeORM's `"mariadb"` (10.7 or later). Other databases have a `varchar(36)`. Keys are UUIDs in small letters
     * then, whoever sets them, and a look-up takes nothing else.
     *
     * Default is `"varchar"`, of 255 characters. A migration changes one into the other, and keeps what is in it.
     *
     * Errors: {@link InvalidOptionError} for other formats, and beside a prefix, `derive` or `pattern`.
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
     * What the key has to be, behind its prefix: all of it has to match, whoever makes or sets it. Keys of stored rows
     * are left as they are.
     *
     * Default is what the format is, or any key.
     */
    pattern?: RegExp

    /**
     * A pure function that makes the key of other fields of the row, of its numbers, and of the
     * `relations` that are named. Its result is made fit for a URL: `"Crème brûlée, 50 %"` becomes
     * `"creme-brulee-50"`, by {@link slugify}, whose options stand beside it: `case`, `separator`, `language`,
     * `letters`. Where another row has that key, there is the `suffix`. Where nothing is
     * left of it, `generate` makes the key.
     *
     * It is given a copy of the row as it is about to be stored. The key of a stored row does not
     * follow its fields, unless it is `{ from, follow: true }`. As long as a number that it reads is NULL, so
     * is the key.
     */
    derive?: Derive<Entity> | DeriveOptions<Entity>

    /**
     * For `derive`: `"lower"` makes all letters small, `"keep"` leaves them as they are.
     *
     * Default is `"lower"`, and `"keep"` for a key that is made of a number of its row: `INV-7`.
     */
    case?: "lower" | "keep"

    /**
     * `"unicode"` allows letters and digits of all scripts in keys, and lets `derive` keep them: `東京`. They are stored
     * composed (NFC); whoever builds a URL encodes them, and a look-up takes both forms.
     *
     * Default is `"ascii"`.
     */
    letters?: "ascii" | "unicode"

    /**
     * For `derive`: the suffix that is added where another row has the key: `"number"` or `true` (`acme`,
     * `acme-2`, `acme-3`), `"random"` (`acme-x4k2p9`, which does not tell how many there are), or `false`:
     * such a row is refused with {@link KeyTakenError}.
     *
     * Default is `"number"`, and `false` for a key that is made of a number of its row
     * (`@AutoSequenceColumn`): `INV-7-2` would be taken for another invoice.
     */
    suffix?: boolean | "number" | "random"

    /**
     * Keys that no row is given, upper or lower case, as they are parts of addresses: a derived key gets a suffix,
     * or is refused where it takes none; one that is made otherwise is made again; one that is set is refused with
     * {@link InvalidKeyError}. {@link RESERVED_KEYS} is a list to begin with. Rows that have such a key keep it.
     *
     * Default is none.
     */
    reserved?: readonly string[]

    /**
     * For `derive`: the paths of the many-to-one relations that it reads, as `"category.parent"`.
     * What of them is not there with the row is loaded, by one statement for all rows of a call.
     *
     * Default is none: those that it reads have to be there.
     */
    relations?: readonly string[]

    /**
     * For `derive`: `"insert"` calls it right after the INSERT, so that it can read what only that
     * gives, such as the generated primary key or the number of a trigger. It is written by a second
     * statement, so the insert has to be part of a transaction.
     *
     * Default is to call it before.
     */
    after?: "insert"

    /**
     * No column at all: the key is computed from the primary key, can't be guessed or forged, and is
     * read back without a look-up.
     */
    seal?: SealOptions<Path>

    /**
     * For `"nanoid"`: the number of random characters. For `derive`: the most characters that a key
     * has behind its prefix, its suffix included; what is longer is cut at the end of a word.
     *
     * Default is `21`, and for `derive` what fits into the column.
     */
    length?: number

    /**
     * For `"nanoid"`: the characters to choose from, of the letters, digits, `-` and `_`.
     *
     * Default is all of these, 64 characters.
     */
    alphabet?: string

    /**
     * The properties within whose values keys are unique: columns, many-to-one relations, paths into
     * embedded entities. A look-up has to name their values then.
     *
     * Default is none: no two rows of the table have the same key. Where `derive` reads a number of
     * the row, and not what that is unique with, the default is the `uniqueWith` of the number; `[]`
     * says that the table is meant.
     */
    uniqueWith?: Path | readonly Path[]

    /**
     * Whether a key that was changed still leads to its row, and is never accepted for another one.
     * When the row is deleted its keys are free again, unless it is `"forever"`.
     *
     * Default is `false`.
     */
    history?: KeyHistory

    /**
     * With `history`: the name under which the keys are kept in the history. Give one, and they stay
     * when the table or the column gets another name.
     *
     * Default is `<table>.<column>`, without the schema where the history itself is.
     *
     * Errors: {@link InvalidOptionError} where another key has the same name.
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
