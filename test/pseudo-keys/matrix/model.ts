import { InvalidKeyError, KeyTakenError } from "../../../src"
import type { Variant } from "./variants"

export interface ModelRow {
    readonly id: number
    box: number
    title: string
    readonly kind: number
    key: string | null
    isDeleted: boolean
}

export type Refusal = typeof InvalidKeyError | typeof KeyTakenError

/** The key that a row has to get: a text, no key, one of a kind, or none at all. */
export type Wish =
    | { readonly exact: string | null }
    | { readonly like: (text: string) => boolean; readonly says: string }
    | { readonly refused: Refusal }

/** What a caller says of a row; without an id it is a new one. */
export interface Wanting {
    readonly id?: number
    readonly box: number
    readonly title: string
}

const MAX_CALLS = 20

/** Which keys the rows of a table have and had, as the documentation says it. */
export class Model {
    rows = new Map<number, ModelRow>()
    /** The rows that gave keys up, by place and key; null for what is reserved for nobody. */
    retired = new Map<string, number | null>()
    /** All keys that any row ever had, or was refused. */
    readonly seen: Set<string>
    /** Keys of calls that were refused: where connections are shared, others go round them for a while. */
    readonly refused = new Set<string>()

    constructor(
        readonly variant: Variant,
        /** Whether the column takes NULL. */
        readonly isNullable: boolean,
        seen: Iterable<string> = variant.style.settable,
    ) {
        this.seen = new Set(seen)
    }

    clone(): Model {
        const copy = new Model(this.variant, this.isNullable, this.seen)
        for (const [id, row] of this.rows) copy.rows.set(id, { ...row })
        copy.retired = new Map(this.retired)
        for (const text of this.refused) copy.refused.add(text)
        return copy
    }

    isKeyed({ kind }: Pick<ModelRow, "kind">): boolean {
        return this.variant.family !== "child" || kind === 0
    }

    get keyed(): ModelRow[] {
        return [...this.rows.values()].filter((row) => this.isKeyed(row))
    }

    private place(box: number, text: string): string {
        return `${this.variant.isScoped ? box : ""} ${text}`
    }

    /** The row that has a key now, deleted ones included. */
    current(box: number, text: string): ModelRow | undefined {
        return [...this.rows.values()].find(
            (row) => row.key === text && this.place(row.box, text) === this.place(box, text),
        )
    }

    /** The row that a key leads to. */
    leads(box: number, text: string, { retired = true } = {}): ModelRow | undefined {
        const now = this.current(box, text)
        if (now || !retired) return now
        return this.rows.get(this.retired.get(this.place(box, text)) ?? -1)
    }

    /** Whether a row may have a key: nobody else has it, or had it. */
    isFree(box: number, text: string, id?: number): boolean {
        const now = this.current(box, text)
        if (now && now.id !== id) return false
        const former = this.retired.get(this.place(box, text))
        return former === undefined || former === id
    }

    textsOf({ title, box }: Wanting): readonly string[] | null {
        const texts = this.variant.style.texts(title)
        const hasSeveral = this.variant.title.startsWith("several")
        // As derive says it.
        return hasSeveral && texts
            ? [...new Set([...texts, texts[0] ? `${texts[0]}-of-${box}` : `of-${box}`])]
            : texts
    }

    /** What a row shows that has no key yet, if it is loaded by itself: what it would get, and nobody has or had. */
    shownBy(row: ModelRow): string | undefined {
        if (row.key !== null || !this.variant.style.options.derive) return undefined
        const text = this.textsOf(row)?.find((one) => !this.isReserved(one))
        const isFree = text !== undefined && this.isFree(row.box, text)
        return isFree ? text : undefined
    }

    private isReserved(text: string): boolean {
        const { reserved } = this.variant.style.options
        return reserved?.includes(text.toLowerCase()) ?? false
    }

    wish(row: Wanting): Wish {
        const { style } = this.variant
        const texts = this.textsOf(row)
        if (texts === null) return { exact: null }
        const [first] = texts
        if (first === undefined) return this.wishRandom(row)
        const mayHave = (text: string) =>
            !this.isReserved(text) && this.isFree(row.box, text, row.id)
        if (style.suffix === false && this.isReserved(first)) return { refused: InvalidKeyError }
        const free = texts.find(mayHave)
        const isAvoided = free !== undefined && style.suffix !== false && this.refused.has(free)
        if (isAvoided)
            return {
                like: (text) =>
                    mayHave(text) && (texts.includes(text) || text.startsWith(`${first}-`)),
                says: `${free}, or what goes round it`,
            }
        if (free !== undefined) return { exact: free }
        if (style.suffix === false) return { refused: KeyTakenError }
        const escaped = first.replaceAll(/[.~]/g, "\\$&")
        if (style.suffix === "random") {
            const form = new RegExp(`^${escaped}-[0-9a-z]{6}$`)
            const like = (text: string) => form.test(text) && this.isFree(row.box, text)
            return { like, says: `${first} with something random` }
        }
        const form = new RegExp(`^${escaped}-([1-9]\\d*)$`)
        // It stays with one that it has, or else takes one that it had.
        const own = this.ownOf(row).filter((text) => form.test(text))
        const now = this.rows.get(row.id ?? -1)?.key ?? ""
        if (own.includes(now)) return { exact: now }
        if (own.length > 0) return { like: (text) => own.includes(text), says: "one of its own" }
        return {
            says: `${first} with the next number`,
            like: (text) => {
                const number = Number(form.exec(text)?.[1] ?? 1)
                const before = `${first}-${number - 1}`
                const isBehindOthers =
                    number === 2 || !this.isFree(row.box, before) || this.refused.has(before)
                return number > 1 && isBehindOthers && mayHave(text)
            },
        }
    }

    private wishRandom({ box }: Wanting): Wish {
        const { random, inTurn } = this.variant.style
        if (!inTurn)
            return {
                says: "a random one",
                like: (one) => random.test(one) && this.isFree(box, one),
            }
        const made = Array.from({ length: MAX_CALLS }, (_, attempt) => inTurn(attempt))
        const free = made.filter((text) => this.isFree(box, text))
        const isAvoided = (text: string) => this.refused.has(text)
        const like = (text: string) =>
            free.includes(text) && free.slice(0, free.indexOf(text)).every(isAvoided)
        if (free[0] === undefined) return { refused: KeyTakenError }
        return isAvoided(free[0])
            ? { like, says: `${free[0]}, or what goes round it` }
            : { exact: free[0] }
    }

    /** The keys of a row in a place, that which it has first. */
    private ownOf({ id, box }: Wanting): string[] {
        const row = id === undefined ? undefined : this.rows.get(id)
        if (!row) return []
        const isThere = this.place(row.box, "") === this.place(box, "")
        const former = [...this.retired].flatMap(([place, owner]) =>
            owner === id && place.startsWith(this.place(box, ""))
                ? place.slice(place.indexOf(" ") + 1)
                : [],
        )
        return [...(isThere && row.key !== null ? [row.key] : []), ...former]
    }

    /** Why a row may not be given a key; undefined where it may. */
    refusalOf(box: number, text: string, id?: number): Refusal | undefined {
        if (this.variant.style.unsettable.includes(text)) return InvalidKeyError
        if (this.isReserved(text)) return InvalidKeyError
        return this.isFree(box, text, id) ? undefined : KeyTakenError
    }

    /** Why the keys of a row can't come along to another place. */
    refusalOfMove({ id, box, key }: ModelRow, to: number, text: string | null) {
        if (!this.variant.history || this.place(box, "") === this.place(to, "")) return undefined
        const moved = [...this.ownOf({ id, box, title: "" }), ...(key === null ? [] : [key])]
        return moved.some((one) => one !== text && !this.isFree(to, one, id))
            ? KeyTakenError
            : undefined
    }

    /** Why rows of one call may not be given these keys; none where they may. */
    refusalsOfAll(set: readonly { readonly row: ModelRow; readonly text: string }[]): Refusal[] {
        const changed = set.filter(({ row, text }) => text !== row.key)
        const giver = ({ row, text }: (typeof set)[number]) =>
            changed.find(
                (other) =>
                    other.row.key === text &&
                    this.place(other.row.box, text) === this.place(row.box, text),
            )
        const isRound = (one: (typeof set)[number]) => {
            let at = giver(one)
            for (let steps = 0; at && at !== one && steps < changed.length; steps++) at = giver(at)
            return at === one
        }
        const wanted = changed.map(({ row, text }) => this.place(row.box, text))
        const refusals: Refusal[] = new Set(wanted).size < wanted.length ? [KeyTakenError] : []
        for (const one of changed) {
            const { row, text } = one
            const refusal = this.refusalOf(row.box, text, row.id)
            if (!refusal) continue
            const isGiven = giver(one) !== undefined && (!this.variant.history || isRound(one))
            if (refusal !== KeyTakenError || !isGiven) refusals.push(refusal)
        }
        return refusals
    }

    add(row: ModelRow): void {
        this.rows.set(row.id, row)
        if (row.key === null) return
        this.seen.add(row.key)
        this.retired.delete(this.place(row.box, row.key))
    }

    /** Gives rows keys of one call, in the places where they are. */
    give(set: readonly { readonly row: ModelRow; readonly text: string | null }[]): void {
        const before = set.map(({ row }) => ({ row, key: row.key }))
        for (const { row, text } of set) {
            row.key = text
            if (text === null) continue
            this.seen.add(text)
            this.retired.delete(this.place(row.box, text))
        }
        if (!this.variant.history) return
        for (const { row, key } of before)
            if (key !== null && key !== row.key && this.isFree(row.box, key, row.id))
                this.retired.set(this.place(row.box, key), row.id)
    }

    /** Moves a row with all that it had. */
    move(row: ModelRow, box: number): void {
        const moved = this.ownOf({ id: row.id, box: row.box, title: "" })
        for (const text of moved) {
            if (this.retired.get(this.place(row.box, text)) !== row.id) continue
            this.retired.delete(this.place(row.box, text))
            // Only a row whose key is made leaves one behind.
            if (this.isFree(box, text, row.id)) this.retired.set(this.place(box, text), row.id)
        }
        row.box = box
    }

    delete(row: ModelRow): void {
        this.rows.delete(row.id)
        const isForEver = this.variant.history === "forever"
        for (const [place, owner] of this.retired)
            if (owner === row.id) {
                if (isForEver) this.retired.set(place, null)
                else this.retired.delete(place)
            }
        if (isForEver && row.key !== null) this.retired.set(this.place(row.box, row.key), null)
    }

    /** Whether there was such a key. */
    release(box: number, text: string): boolean {
        return this.retired.delete(this.place(box, text))
    }
}
