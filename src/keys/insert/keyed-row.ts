import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { InvalidKeyError } from "../../errors"
import { hasPrefix, isKey } from "../../declared/key-form"
import type { StoredKey } from "../pseudo-key"

// An entity whose insert has failed may still have the key that it got. When it is saved again, that
// must not pass for one set by the caller: another row may have it by now, if any other can ever have it.
const pending = new WeakMap<ObjectLiteral, KeyedRow>()
const withLate = new WeakMap<object, KeyedRow>()

/**
 * A row that is inserted, and its pseudo keys.
 * @internal
 */
export class KeyedRow {
    /** Those that the caller has set. */
    readonly given: readonly StoredKey[]
    /** Those that are made of what the INSERT gives. */
    late: StoredKey[] = []
    readonly missing: readonly StoredKey[]
    /** Whether it was announced before, and not inserted. */
    readonly isAgain: boolean
    /** By the places of the keys. */
    private made: (string | undefined)[] = []

    constructor(
        readonly entity: ObjectLiteral,
        readonly metadata: EntityMetadata,
        readonly keys: readonly StoredKey[],
    ) {
        const isContendedFor = keys.some(isContended)
        const before = isContendedFor ? pending.get(entity) : undefined
        this.given = keys.filter((key, at) => {
            const value: unknown = key.column.getEntityValue(entity)
            if (value === undefined || value === null || before?.made[at] === value) return false
            refuseInvalid(key, value)
            return true
        })
        this.missing =
            this.given.length === 0 ? keys : keys.filter((key) => !this.given.includes(key))
        this.isAgain = before !== undefined
        if (isContendedFor) pending.set(entity, this)
    }

    /** Whether the key of an entity is one that stands in until the row is in the table. */
    static isLate(entity: object, column: StoredKey["column"]): boolean {
        return withLate.get(entity)?.late.some((key) => key.column === column) ?? false
    }

    /** Notes a key that only the INSERT tells, and what stands in for it. */
    defer(key: StoredKey): void {
        this.late.push(key)
        withLate.set(this.entity, this)
    }

    /** Whether one of these values is a key that it was given. */
    isAmong(values: ReadonlySet<unknown>): boolean {
        return this.made.some((text) => text !== undefined && values.has(text))
    }

    textOf(key: StoredKey): string {
        return key.column.getEntityValue(this.entity) as string
    }

    set(key: StoredKey, text: string): void {
        key.column.setEntityValue(this.entity, text)
        this.made[this.keys.indexOf(key)] = text
    }

    /** Called when it is in the table: its keys are as good as set by the caller. */
    inserted(): void {
        pending.delete(this.entity)
    }

    /** Takes the keys off the entity that it was given, where it is not in the table. */
    clear(): void {
        for (const [at, text] of this.made.entries()) {
            const key = this.keys[at]
            if (key && text !== undefined && this.textOf(key) === text)
                key.column.setEntityValue(this.entity, undefined)
        }
        this.made = []
        pending.delete(this.entity)
    }
}

/** @internal Whether keys are looked for before they are given: the others are never the same. */
export function isLookedFor({ derive, generateFor, isUnique }: StoredKey): boolean {
    return derive !== undefined || generateFor !== undefined || !isUnique
}

/** @internal Whether a key that the caller sets may be one that others are about to be given, or have had. */
export function isContended(key: StoredKey): boolean {
    return key.history !== false || isLookedFor(key)
}

/** @internal Refuses what can't be the key of a row. */
export function refuseInvalid(key: StoredKey, value: unknown): asserts value is string {
    if (!isKey(value))
        throw new InvalidKeyError(
            `${key.name} is set to something that is no key (of type ${typeof value}). A key is 1 to 255 ` +
                "letters, digits and -, _, ., ~.",
        )
    if (!hasPrefix(value, key.prefix))
        throw new InvalidKeyError(
            `${key.name} is set to a key that does not begin with "${key.prefix ?? ""}_". Set one that does.`,
        )
}
