import { And, Equal, type EntityMetadata, FindOperator, IsNull, type ObjectLiteral } from "typeorm"
import { headIn, readKey, UUID_FORM } from "../../declared/keys/key-form"
import { InvalidOptionError } from "../../errors"
import { type AnyKey, isSealed, type SealedKey, type StoredKey } from "../pseudo-key"
import { pseudoKeysOf } from "../resolve-keys"
import { openSealedKey, sealedKeyFor } from "../sealed/sealed-ids"
import { hadBy } from "./had-by"
import { isPlain, scopePartsIn } from "./look-up-scope"
import { refuseNoConditions, refuseUnset } from "./unset-conditions"
import { withValueAt } from "../../typeorm/given"

/** @internal How a row is looked for. */
export interface KeyLookUp {
    /** The key's property, where the entity has several. */
    readonly property?: string
    /** Whether a key that the row no longer has leads to it. */
    readonly retired?: boolean
    /** Conditions that the row has to meet as well. */
    readonly where?: ObjectLiteral | readonly ObjectLiteral[]
}

/**
 * The condition under which a row of an entity has a key; undefined for what can be no key of it.
 * @internal
 */
export function conditionFor(
    metadata: EntityMetadata,
    given: unknown,
    { property, retired = true, where = {} }: KeyLookUp,
): ObjectLiteral | ObjectLiteral[] | undefined {
    const key = keyFor(metadata, given, property)
    const text = key && keyIn(key, given)
    if (!key || text === undefined) return undefined
    const conditions = (Array.isArray(where) ? where : [where]) as ObjectLiteral[]
    const found = conditions.flatMap((given) => {
        refuseNoConditions(given)
        const others = isSealed(key) ? given : withNulls(key, given)
        const condition = isSealed(key)
            ? sealedCondition(key, text, { retired })
            : storedCondition(key, text, others, { retired })
        // After the scope, whose refusal says more.
        refuseUnset(key.metadata, others)
        return condition ? [bothOf(condition, others)] : []
    })
    return found.length > 1 ? found : found[0]
}

/** @internal The pseudo key of an entity that a text can be; undefined where it is none. */
export function keyFor(
    metadata: EntityMetadata,
    text: unknown,
    property?: string,
): AnyKey | undefined {
    const { stored, sealed } = pseudoKeysOf(metadata)
    const all: readonly AnyKey[] = [...stored, ...sealed]
    const chosen = all.filter(({ propertyPath }) => !property || propertyPath === property)
    if (chosen.length === 0)
        throw new InvalidOptionError(
            property
                ? `${metadata.name}.${property} is no pseudo key.`
                : `${metadata.name} has no pseudo key. Declare one by @PseudoKey.`,
        )
    const heads = new Map<AnyKey, string | undefined>()
    for (const one of chosen) {
        const read = keyIn(one, text)
        if (read !== undefined) heads.set(one, headIn(one, read))
    }
    const prefixed = chosen.find((one) => heads.get(one))
    if (prefixed) return prefixed
    const [key, other] = chosen.filter((one) => heads.get(one) === "")
    if (key && other)
        throw new InvalidOptionError(
            `${metadata.name} has several pseudo keys without a prefix: ${key.propertyPath}, ` +
                `${other.propertyPath}. Say by { property } which one it is.`,
        )
    return key
}

/** @internal A text as keys of a property are stored; undefined for what can be none. */
export function keyIn(key: AnyKey, text: unknown): string | undefined {
    if (isSealed(key)) return readKey(text, "ascii")
    const read = readKey(text, key.letters)
    // A column of UUIDs reads other forms as well, and fails for what is none.
    return read !== undefined && key.isUuid && !UUID_FORM.test(read) ? undefined : read
}

function sealedCondition(
    key: SealedKey,
    text: string,
    { retired }: { retired: boolean },
): ObjectLiteral | undefined {
    const ids = openSealedKey(key, text)
    // Made by another secret than the first, or with another prefix, it is no longer the key of its row.
    if (ids === undefined || (!retired && sealedKeyFor(key, ids) !== text)) return undefined
    return key.columns
        .map((column, at) => column.createValueMap(ids[at]))
        .reduce((all, one) => bothOf(all, one), {})
}

function storedCondition(
    key: StoredKey,
    text: string,
    where: ObjectLiteral,
    { retired }: { retired: boolean },
): ObjectLiteral {
    const scope = scopePartsIn(key, where)
    // An operator, by which it is seen to be no row where somebody sets a relation to it.
    if (key.history === false || !retired) return withValueAt({}, key.propertyPath, Equal(text))
    return Object.assign(
        {},
        ...key.metadata.primaryColumns.map((column) =>
            withValueAt({}, column.propertyPath, hadBy(key, text, scope, column)),
        ),
    ) as ObjectLiteral
}

/** TypeORM 0.3 leaves NULL out of its conditions, and 1.x refuses it. */
function withNulls({ scopeColumns }: StoredKey, where: ObjectLiteral): ObjectLiteral {
    const nulls = scopeColumns.filter((column) => column.getEntityValue(where) === null)
    return nulls.reduce((all, { propertyPath }) => withValueAt(all, propertyPath, IsNull()), where)
}

/** Both conditions, where they name the same property as well. */
function bothOf(one: ObjectLiteral, other: ObjectLiteral): ObjectLiteral {
    const both: ObjectLiteral = { ...one }
    // As TypeORM reads them: inherited ones as well.
    for (const name in other) {
        const value: unknown = other[name]
        const own: unknown = one[name]
        if (own === undefined) both[name] = value
        else if (isPlain(own) && isPlain(value)) both[name] = bothOf(own, value)
        else if (value !== undefined) both[name] = And(operator(own), operator(value))
    }
    return both
}

function operator(value: unknown): FindOperator<unknown> {
    return value instanceof FindOperator ? (value as FindOperator<unknown>) : Equal(value)
}
