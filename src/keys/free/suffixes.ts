import { randomInt } from "node:crypto"
import { cutAtWord } from "../slug/cut"
import type { StoredKey } from "../pseudo-key"
import type { Candidates } from "./candidates"

/** The highest number behind a text: what a column of integers holds. */
export const MAX_SUFFIX = 2 ** 31 - 1
const MAX_RANDOM = 1000
const RANDOM_LENGTH = 6
const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"

/** What a text is cut by. */
type Cut = Pick<StoredKey, "head" | "longest" | "separator">

/** @internal A text that gets numbers behind it. */
export class Numbered implements Candidates {
    private next_: number
    private readonly own: readonly string[]

    constructor(
        private readonly texts: readonly string[],
        private readonly key: Cut,
        {
            from = 1,
            own = [],
        }: {
            /** The first number; 1 is none. */
            readonly from?: number
            /** Keys of the row itself: it stays with a number that it has, or had. */
            readonly own?: Iterable<string>
        } = {},
    ) {
        this.next_ = from
        this.own = [...own].filter((text) => this.isNumbered(text))
    }

    first(rows: number): string[] {
        if (this.next_ > 1) return this.next(rows) ?? []
        this.next_ = 2
        return [...this.texts, ...this.own]
    }

    next(size: number): string[] | undefined {
        const block: string[] = []
        for (; block.length < size && this.next_ <= MAX_SUFFIX; this.next_++) {
            const stem = this.stem(String(this.next_).length)
            if (stem === undefined) break
            block.push(`${stem}${this.next_}`)
        }
        return block.length > 0 ? block : undefined
    }

    /** Whether nobody has said yet where the numbers go on. */
    get isOpen(): boolean {
        return this.next_ === 2
    }

    /** Goes on behind the highest number that a row has. */
    goOnBehind(highest: number): void {
        this.next_ = Math.max(2, highest + 1)
    }

    /** What stands before a number of so many digits; undefined where no letter of the text is left. */
    stem(digits: number): string | undefined {
        return stemOf(this.texts[0] ?? "", this.key, digits)
    }

    private isNumbered(text: string): boolean {
        const [number = ""] = /[1-9]\d*$/.exec(text) ?? []
        return Number(number) > 1 && text === `${this.stem(number.length) ?? ""}${number}`
    }
}

/** @internal The texts as they are, then the first one with random letters and digits behind it. */
export function withRandomSuffix(texts: readonly string[], key: Cut): Candidates {
    const stem = stemOf(texts[0] ?? "", key, RANDOM_LENGTH) ?? key.head
    let left = MAX_RANDOM
    return {
        first: () => [...texts],
        next(size) {
            if (left <= 0) return undefined
            left -= size
            return Array.from({ length: size }, () => `${stem}${randomSuffix()}`)
        },
    }
}

/** The beginning of a text, with room behind it; undefined where no letter is left. */
function stemOf(text: string, { head, longest, separator }: Cut, room: number): string | undefined {
    const left = longest - head.length - separator.length - room
    // The prefix is no word of the text, even where a separator follows it.
    const stem = cutAtWord(text.slice(head.length), left, separator)
    return stem === "" ? undefined : head + stem + separator
}

function randomSuffix(): string {
    return Array.from({ length: RANDOM_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join(
        "",
    )
}

/** @internal The texts as they are, and nothing else. */
export function asTheyAre(texts: readonly string[]): Candidates {
    return { first: () => [...texts], next: () => undefined }
}

/**
 * The numbers that were given out, so that one who comes back with the same texts goes on behind them.
 * @internal
 */
export class Suffixes {
    private static readonly MAX = 100_000
    private readonly next = new Map<string, number>()

    /** Where a text goes on. */
    from(place: string, text: string): number {
        return this.next.get(`${place} ${text}`) ?? 1
    }

    note(place: string, text: string, key: string): void {
        if (this.next.size >= Suffixes.MAX) this.next.clear()
        // Of a text that was cut nothing is known: it is looked for from the first one on.
        const suffix = key.startsWith(text) ? Number(key.slice(text.length + 1) || "1") : 1
        if (Number.isSafeInteger(suffix))
            this.next.set(`${place} ${text}`, Math.max(this.from(place, text), suffix + 1))
    }
}
