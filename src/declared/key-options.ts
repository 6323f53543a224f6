import type { ColumnOptions } from "typeorm"
import { InvalidOptionError } from "../errors"
import { columnOptions } from "./column-options"
import { MAX_LENGTH, MAX_PREFIX, PREFIX_FORM } from "./key-form"
import { scopePaths } from "./scope-paths"
import { isSeriesName, seriesProblem } from "./series-name"
import { type Secret, type Secrets, weaknessOf } from "./secrets"
import { show } from "./show"

/** The formats that a pseudo key can have. */
export type KeyFormat = "nanoid" | "uuid" | "uuidv7" | "ulid"

/** How long a pseudo key that its row no longer has is kept. */
export type KeyHistory = boolean | "forever"

/** The options of TypeORM's `@Column` that make sense for a pseudo key. */
export type KeyColumnOptions = Pick<ColumnOptions, "name" | "comment" | "nullable" | "select">

/** Makes pseudo keys of primary keys, without a column. */
export interface SealOptions<Path extends string = string> {
    /** The primary key: one column of type int, bigint or uuid. */
    column: Path

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

/** What {@link PseudoKey} takes. */
export interface PseudoKeyOptions<
    Entity extends object = object,
    Path extends string = string,
> extends KeyColumnOptions {
    /** What stands before the key, with `_` between. Letters, digits and single `_`. */
    prefix?: string

    /**
     * The format of the key: `"nanoid"` (21 characters), `"uuid"` (version 4), `"uuidv7"` and
     * `"ulid"` (which tell when they were made), or a function. That one is called again, with
     * `attempt` 1, 2 …, where another row has the key that it gave.
     *
     * Default is `"nanoid"`.
     */
    generate?: KeyFormat | ((row: Entity, attempt: number) => string)

    /**
     * A pure function that makes the key of other fields of the row, of its numbers, and of the
     * `relations` that are named. Its result is made fit for a URL: `"Crème brûlée, 50 %"` becomes
     * `"Creme-brulee-50"`. Where another row has that key, there is the `suffix`. Where nothing is
     * left of it, `generate` makes the key.
     *
     * It is given a copy of the row as it is about to be stored. The key of a stored row does not
     * follow its fields. As long as a number that it reads is NULL, so is the key.
     */
    derive?: (row: Entity) => string

    /**
     * For `derive`: whether a suffix is added where another row has the key: `acme`, `acme-2`,
     * `acme-3`. Without, such a row is refused with {@link KeyTakenError}.
     *
     * Default is `true`, and `false` for a key that is made of a number of its row
     * (`@AutoSequenceColumn`): `INV-7-2` would be taken for another invoice.
     */
    suffix?: boolean

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
export interface StoredKeyOptions {
    readonly prefix?: string
    readonly format: KeyFormat
    readonly generate?: (row: object, attempt: number) => unknown
    readonly derive?: (row: object) => unknown
    readonly suffix?: boolean
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
export interface SealedKeyOptions {
    readonly prefix?: string
    readonly column: string
    readonly secrets: Secrets
    readonly context?: string
}

/** @internal */
export type KeyOptions =
    | { readonly stored: StoredKeyOptions; readonly column: ColumnOptions }
    | { readonly sealed: SealedKeyOptions }

const FORMATS: readonly KeyFormat[] = ["nanoid", "uuid", "uuidv7", "ulid"]
const KNOWN_FOR_COLUMN = ["name", "comment", "nullable", "select"] as const
const KNOWN_FOR_STORED = [
    "generate",
    "derive",
    "suffix",
    "relations",
    "after",
    "length",
    "alphabet",
    "uniqueWith",
    "history",
    "series",
    ...KNOWN_FOR_COLUMN,
] as const
const KNOWN_FOR_SEAL: readonly string[] = ["column", "secret", "context"]

/**
 * Refuses what can be seen to be wrong without the entity's metadata.
 * @internal
 */
export function splitKeyOptions(place: string, options: PseudoKeyOptions<never>): KeyOptions {
    const refuse = (problem: string): never => {
        throw new InvalidOptionError(`${place}: ${problem}`)
    }
    if (typeof options !== "object" || (options as unknown) === null)
        refuse(`the options are ${show(options)}, give an object.`)
    const known: readonly string[] = ["prefix", "seal", ...KNOWN_FOR_STORED]
    for (const name of Object.keys(options))
        if (!known.includes(name))
            refuse(`there is no option "${name}". The options are ${known.join(", ")}.`)

    const { prefix, seal } = options
    if (prefix !== undefined && !(typeof prefix === "string" && PREFIX_FORM.test(prefix)))
        refuse(
            `prefix is ${show(prefix)}, give 1 to ${MAX_PREFIX} letters and digits, beginning with a ` +
                "letter, with single _ between them.",
        )
    if (seal === undefined) return splitStored(options, refuse)

    for (const name of KNOWN_FOR_STORED)
        if (options[name] !== undefined)
            refuse(`${name} is for keys that have a column, and with seal there is none.`)
    return { sealed: { prefix, ...checkSeal(seal, refuse) } }
}

type Refuse = (problem: string) => never

function splitStored(options: PseudoKeyOptions<never>, refuse: Refuse): KeyOptions {
    const { prefix, generate = "nanoid", derive, history = false } = options
    if (typeof generate !== "function" && !FORMATS.includes(generate))
        refuse(`generate is ${show(generate)}, give one of ${FORMATS.join(", ")}, or a function.`)
    if (derive !== undefined && typeof derive !== "function")
        refuse(`derive is ${show(derive)}, give a function of the row.`)
    const relations: unknown = options.relations ?? []
    if (!Array.isArray(relations) || relations.some((path) => typeof path !== "string" || !path))
        refuse("relations is no list of paths, give names of relations.")
    const { after } = options
    if (after !== undefined && (after as unknown) !== "insert")
        refuse(`after is ${show(after)}, give "insert" or leave it out.`)
    const { suffix } = options
    if (suffix !== undefined && typeof suffix !== "boolean")
        refuse(`suffix is ${show(suffix)}, give true or false.`)
    for (const name of ["suffix", "relations", "after"] as const)
        if (options[name] !== undefined && derive === undefined)
            refuse(`${name} is for derive alone.`)
    if (typeof history !== "boolean" && (history as unknown) !== "forever")
        refuse(`history is ${show(history)}, give true, false or "forever".`)
    const { series } = options
    if (series !== undefined && history === false) refuse("series is for history alone.")
    if (series !== undefined && !isSeriesName(series)) refuse(seriesProblem(series))
    for (const name of ["length", "alphabet"] as const)
        if (options[name] !== undefined && generate !== "nanoid")
            refuse(`${name} is for generate: "nanoid" alone.`)
    const { length, alphabet } = options
    const longest = MAX_LENGTH - (prefix === undefined ? 0 : prefix.length + 1)
    // A suffix takes up to six, and leaves something of the key.
    const shortest = derive ? 8 : 1
    if (
        length !== undefined &&
        !(Number.isInteger(length) && length >= shortest && length <= longest)
    )
        refuse(`length is ${show(length)}, give an integer from ${shortest} to ${longest}.`)
    if (alphabet !== undefined && !isAlphabet(alphabet))
        refuse(
            `alphabet is ${show(alphabet)}, give 2 to 64 different characters of the letters, digits, ` +
                "- and _.",
        )

    const uniqueWith =
        options.uniqueWith === undefined ? undefined : scopePaths(options.uniqueWith, refuse)

    const column: ColumnOptions = {
        type: "varchar",
        length: MAX_LENGTH,
        ...columnOptions(KNOWN_FOR_COLUMN, options, refuse),
    }
    return {
        stored: {
            prefix,
            ...(typeof generate === "function"
                ? { format: "nanoid", generate: generate as StoredKeyOptions["generate"] }
                : { format: generate }),
            derive: derive as StoredKeyOptions["derive"],
            suffix,
            relations: relations as string[],
            isAfterInsert: after === "insert",
            length,
            alphabet,
            uniqueWith,
            history,
            series,
        },
        column,
    }
}

function checkSeal(seal: SealOptions, refuse: Refuse): Omit<SealedKeyOptions, "prefix"> {
    if (typeof seal !== "object" || (seal as unknown) === null)
        refuse("seal is no object, give { column, secret }.")
    for (const name of Object.keys(seal))
        if (!KNOWN_FOR_SEAL.includes(name))
            refuse(`seal has no option "${name}". The options are ${KNOWN_FOR_SEAL.join(", ")}.`)
    const { column, secret, context } = seal
    if (typeof column !== "string" || column === "")
        refuse(`seal.column is ${show(column)}, give the name of the primary key's property.`)
    if (context !== undefined && (typeof context !== "string" || context === ""))
        refuse(`seal.context is ${show(context)}, give a text.`)
    const read = (): readonly Secret[] => {
        const given = typeof secret === "function" ? secret() : secret
        const secrets = (Array.isArray(given) ? given : [given]) as Secret[]
        const problem = weaknessOf(secrets)
        return problem ? refuse(problem) : secrets
    }
    if (typeof secret !== "function") read()
    return { column, secrets: read, context }
}

function isAlphabet(alphabet: unknown): boolean {
    return (
        typeof alphabet === "string" &&
        /^[\w-]{2,64}$/.test(alphabet) &&
        new Set(alphabet).size === alphabet.length
    )
}
