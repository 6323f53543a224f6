import type { ColumnOptions } from "typeorm"
import { columnOptions } from "../column-options"
import { headOf, type Heads, MAX_LENGTH, MAX_PREFIX, PREFIX_FORM, UUID_FORM } from "./key-form"
import type {
    DeriveOptions,
    KeyFormat,
    KeyOptions,
    PseudoKeyOptions,
    SealedKeyOptions,
    SealOptions,
    StoredKeyOptions,
} from "./key-options"
import { type Refuse, refuserOf, refuseUnknown } from "../options"
import { refuseWrongSlug } from "./slug-options"
import { scopePaths } from "../scope-paths"
import { isSeriesName, seriesProblem } from "../numbers/series-name"
import { type Secret, weaknessOf } from "../secrets"
import { show } from "../show"

const FORMATS: readonly KeyFormat[] = ["nanoid", "uuid", "uuidv7", "ulid", "typeid"]
const KNOWN_FOR_COLUMN = ["name", "comment", "nullable", "select"] as const
const KNOWN_FOR_STORED = [
    "generate",
    "derive",
    "suffix",
    "relations",
    "after",
    "case",
    "separator",
    "language",
    "letters",
    "pattern",
    "length",
    "alphabet",
    "uniqueWith",
    "history",
    "series",
    "reserved",
    "type",
    ...KNOWN_FOR_COLUMN,
] as const
const FOR_DERIVE = ["suffix", "relations", "after", "case", "separator", "language"] as const
const KNOWN_FOR_SEAL: readonly string[] = ["column", "secret", "context"]

/**
 * Refuses what can be seen to be wrong without the entity's metadata.
 * @internal
 */
export function splitKeyOptions(place: string, options: PseudoKeyOptions<never>): KeyOptions {
    const refuse: Refuse = refuserOf(place)
    refuseUnknown(
        options,
        ["prefix", "seal", "delimiter", "formerPrefixes", ...KNOWN_FOR_STORED],
        refuse,
    )

    const { prefix, seal } = options
    if (prefix !== undefined && !(typeof prefix === "string" && PREFIX_FORM.test(prefix)))
        refuse(
            `prefix is ${show(prefix)}, give 1 to ${MAX_PREFIX} letters and digits, beginning with a letter; ` +
                "single _ may stand between them.",
        )
    const heads = headsOf(options, refuse)
    if (seal === undefined) return splitStored(options, heads, refuse)

    for (const name of KNOWN_FOR_STORED)
        if (options[name] !== undefined)
            refuse(`${name} can't be used with seal, because a sealed key has no column.`)
    return { sealed: { prefix, ...heads, ...checkSeal(seal, refuse) } }
}

const DELIMITERS = ["_", "-", ".", "~"]

function headsOf(
    { prefix, delimiter, formerPrefixes }: PseudoKeyOptions<never>,
    refuse: Refuse,
): Heads {
    if (delimiter !== undefined && !DELIMITERS.includes(delimiter))
        refuse(`delimiter is ${show(delimiter)}, give one of ${DELIMITERS.join(" ")}.`)
    if (delimiter !== undefined && prefix === undefined) refuse("delimiter needs prefix.")
    const former: unknown = formerPrefixes ?? []
    if (!Array.isArray(former)) refuse("formerPrefixes is not a list, give a list of prefixes.")
    const formerHeads = (former as unknown[]).map((given) => {
        const text =
            typeof given === "string"
                ? given
                : refuse(
                      "formerPrefixes holds something that is not a string, give a list of prefixes.",
                  )
        const end = text.slice(-1)
        const isWhole = text === "" || DELIMITERS.includes(end)
        const bare = isWhole ? text.slice(0, -1) : text
        if (text !== "" && !PREFIX_FORM.test(bare))
            refuse(`formerPrefixes holds ${show(given)}, which is not a valid prefix.`)
        return isWhole ? text : headOf(text, delimiter)
    })
    const head = headOf(prefix, delimiter)
    if (formerHeads.includes(head))
        refuse("formerPrefixes holds the current prefix. Leave that out.")
    return { head, formerHeads }
}

function splitStored(options: PseudoKeyOptions<never>, heads: Heads, refuse: Refuse): KeyOptions {
    const { prefix, generate = "nanoid", history = false } = options
    const { from: derive, follow = false } = splitDerive(options.derive, refuse)
    if (typeof generate !== "function" && !FORMATS.includes(generate))
        refuse(`generate is ${show(generate)}, give one of ${FORMATS.join(", ")}, or a function.`)
    const relations: unknown = options.relations ?? []
    if (!Array.isArray(relations) || relations.some((path) => typeof path !== "string" || !path))
        refuse("relations is not a list of paths, give a list of relation names.")
    const { after } = options
    if (after !== undefined && (after as unknown) !== "insert")
        refuse(`after is ${show(after)}, give "insert" or leave it out.`)
    const { suffix } = options
    if (suffix !== undefined && ![true, false, "number", "random"].includes(suffix))
        refuse(`suffix is ${show(suffix)}, give "number", "random", true or false.`)
    refuseWrongSlug(options, refuse)
    const { letters = "ascii" } = options
    for (const name of FOR_DERIVE)
        if (options[name] !== undefined && derive === undefined) refuse(`${name} needs derive.`)
    if (typeof history !== "boolean" && (history as unknown) !== "forever")
        refuse(`history is ${show(history)}, give true, false or "forever".`)
    const { series } = options
    if (series !== undefined && history === false) refuse("series needs history.")
    if (series !== undefined && !isSeriesName(series)) refuse(seriesProblem(series))
    for (const name of ["length", "alphabet"] as const)
        if (options[name] !== undefined && generate !== "nanoid")
            refuse(`${name} needs generate: "nanoid".`)
    const { length, alphabet } = options
    const longest = MAX_LENGTH - heads.head.length
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

    const isUuid = isUuidColumn(options, heads, refuse)
    const column: ColumnOptions = {
        ...(isUuid ? { type: "uuid" } : { type: "varchar", length: MAX_LENGTH }),
        ...columnOptions(KNOWN_FOR_COLUMN, options, refuse),
    }
    return {
        stored: {
            prefix,
            ...heads,
            ...(typeof generate === "function"
                ? { format: "nanoid", generate: generate as StoredKeyOptions["generate"] }
                : { format: generate }),
            derive: derive as StoredKeyOptions["derive"],
            follows: follow,
            slug: {
                case: options.case,
                separator: options.separator,
                language: options.language,
                letters,
            },
            suffix,
            letters,
            isUuid,
            pattern: isUuid ? UUID_FORM : patternOf(options, heads, refuse),
            reserved: reservedOf(options.reserved, refuse),
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

function isUuidColumn(
    { type, generate, derive, pattern, letters }: PseudoKeyOptions<never>,
    { head, formerHeads }: Heads,
    refuse: Refuse,
): boolean {
    if (type === undefined || type === "varchar") return false
    if ((type as unknown) !== "uuid") refuse(`type is ${show(type)}, give "varchar" or "uuid".`)
    if (generate !== "uuid" && generate !== "uuidv7")
        refuse('type: "uuid" needs generate: "uuid" or generate: "uuidv7".')
    if (head !== "" || formerHeads.length > 0)
        refuse('type: "uuid" has no room for a prefix. Leave out prefix, or type.')
    if (derive !== undefined || pattern !== undefined || letters !== undefined)
        refuse(
            `type: "uuid" stores nothing but UUIDs, so it can't be used with derive, pattern or letters.`,
        )
    return true
}

const TYPEID = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/

function patternOf(
    { pattern, generate, derive }: PseudoKeyOptions<never>,
    { head }: Heads,
    refuse: Refuse,
): RegExp | undefined {
    if (generate === "typeid") {
        if (derive !== undefined || pattern !== undefined)
            refuse(
                `generate: "typeid" has a fixed format, so it can't be used with derive or pattern.`,
            )
        if (head !== "" && !/^[a-z]([a-z_]*[a-z])?_$/.test(head))
            refuse(
                'generate: "typeid" takes a prefix of lower-case letters and _, and no other delimiter than _.',
            )
        return TYPEID
    }
    if (pattern === undefined) return undefined
    if (!(pattern instanceof RegExp)) refuse(`pattern is ${show(pattern)}, give a RegExp.`)
    // One that remembers where it was gives another answer each time.
    return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, ""))
}

function reservedOf(reserved: unknown, refuse: Refuse): ReadonlySet<string> {
    const words: unknown = reserved ?? []
    if (!Array.isArray(words) || words.some((word) => typeof word !== "string" || word === ""))
        refuse("reserved is not a list of words, give a list of strings.")
    return new Set((words as string[]).map((word) => word.normalize("NFC").toLowerCase()))
}

function splitDerive(
    derive: PseudoKeyOptions<never>["derive"],
    refuse: Refuse,
): Partial<DeriveOptions<never>> {
    if (derive === undefined) return {}
    if (typeof derive === "function") return { from: derive }
    if (typeof derive !== "object" || (derive as unknown) === null)
        refuse(`derive is ${show(derive)}, give a function of the row, or { from, follow }.`)
    for (const name of Object.keys(derive))
        if (name !== "from" && name !== "follow")
            refuse(`derive has no option "${name}". The options are from, follow.`)
    const { from, follow } = derive
    if (typeof from !== "function")
        refuse(`derive.from is ${show(from)}, give a function of the row.`)
    if (follow !== undefined && typeof follow !== "boolean")
        refuse(`derive.follow is ${show(follow)}, give true or false.`)
    return { from, follow }
}

function checkSeal(
    seal: SealOptions,
    refuse: Refuse,
): Omit<SealedKeyOptions, "prefix" | keyof Heads> {
    if (typeof seal !== "object" || (seal as unknown) === null)
        refuse("seal is not an object, give { column, secret }.")
    for (const name of Object.keys(seal))
        if (!KNOWN_FOR_SEAL.includes(name))
            refuse(`seal has no option "${name}". The options are ${KNOWN_FOR_SEAL.join(", ")}.`)
    const { column, secret, context } = seal
    const columns: readonly unknown[] = Array.isArray(column) ? column : [column]
    if (columns.length === 0 || columns.some((one) => typeof one !== "string" || one === ""))
        refuse(`seal.column is ${show(column)}, give the name of the primary key's property.`)
    if (context !== undefined && (typeof context !== "string" || context === ""))
        refuse(`seal.context is ${show(context)}, give a string.`)
    const read = (): readonly Secret[] => {
        const given = typeof secret === "function" ? secret() : secret
        const secrets = (Array.isArray(given) ? given : [given]) as Secret[]
        const problem = weaknessOf(secrets)
        return problem ? refuse(problem) : secrets
    }
    if (typeof secret !== "function") read()
    return { columns: columns as string[], secrets: read, context }
}

function isAlphabet(alphabet: unknown): boolean {
    return (
        typeof alphabet === "string" &&
        /^[\w-]{2,64}$/.test(alphabet) &&
        new Set(alphabet).size === alphabet.length
    )
}
