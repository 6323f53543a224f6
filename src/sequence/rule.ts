import { type Refuse, refuserOf, refuseUnknown } from "../declared/options"
import { isSeriesName } from "../declared/numbers/series-name"
import { show } from "../declared/show"
import { InvalidOptionError, NumberOverflowError } from "../errors"
import type { NextOptions, SequenceOptions, SequenceType } from "./types"

/** @internal How a sequence counts. */
export interface Rule {
    readonly name: string
    /** What errors call it. */
    readonly label: string
    readonly startAt: bigint
    /** The number that the first one goes on after. */
    readonly base: bigint
    readonly incrementBy: bigint
    readonly resetAt?: bigint
    readonly type: SequenceType
    /** The largest number that callers get. */
    readonly max: bigint
}

const KNOWN = ["startAt", "incrementBy", "resetAt", "scope", "type", "dataSource"]
const MAX = { number: BigInt(Number.MAX_SAFE_INTEGER), bigint: 2n ** 63n - 1n }
// They come as one list.
const MAX_COUNT = 10_000_000

/** @internal Refuses what is wrong whatever the database is. */
export function ruleOf(name: string, options: SequenceOptions<SequenceType>): Rule {
    if (!isSeriesName(name))
        throw new InvalidOptionError(
            `The name of a sequence is ${show(name)}, give 1 to 255 characters without a space at the end.`,
        )
    const label = `Sequence ${show(name)}`
    const refuse: Refuse = refuserOf(label)
    refuseUnknown(options, KNOWN, refuse)
    const { type = "number" } = options
    if (type !== "number" && type !== "bigint")
        refuse(`type is ${show(type)}, give "number" or "bigint".`)

    const max = MAX[type]
    const integer = (option: string, value: number | bigint): bigint => {
        const isInteger = typeof value === "bigint" || Number.isSafeInteger(value)
        if (!isInteger || value < 1 || value > max)
            refuse(`${option} is ${show(value)}, give an integer from 1 to ${max}.`)
        return BigInt(value)
    }
    const startAt = integer("startAt", options.startAt ?? 1)
    const incrementBy = integer("incrementBy", options.incrementBy ?? 1)
    const rule = { name, label, startAt, base: startAt - incrementBy, incrementBy, type, max }
    if (options.resetAt === undefined) return rule
    const resetAt = integer("resetAt", options.resetAt)
    if (resetAt <= startAt)
        refuse(`resetAt is ${resetAt}, give an integer above startAt (${startAt}).`)
    if (resetAt + incrementBy > MAX.bigint)
        refuse(`resetAt and incrementBy add up to more than ${MAX.bigint}. Give lower ones.`)
    return { ...rule, resetAt }
}

/** @internal */
export function refuseCount({ label }: Rule, count: unknown): asserts count is number {
    if (!Number.isSafeInteger(count) || Number(count) < 0 || Number(count) > MAX_COUNT)
        throw new InvalidOptionError(
            `${label}: ${show(count)} numbers were requested, give an integer from 0 to ${MAX_COUNT}.`,
        )
}

/** @internal Whether a call would not wait. */
export function isNowait({ label }: Rule, options: unknown = {}): boolean {
    const { nowait = false, ...others } = Object(options) as NextOptions
    if (
        typeof options !== "object" ||
        options === null ||
        typeof nowait !== "boolean" ||
        Object.keys(others).length > 0
    )
        throw new InvalidOptionError(
            `${label} was given something other than a DataSource, an EntityManager, { nowait: true } or { ` +
                "nowait: false }.",
        )
    return nowait
}

/** @internal The numbers after one, as many as asked for. */
export function numbersAfter(
    { startAt, incrementBy, resetAt }: Rule,
    last: bigint,
    count: number,
): bigint[] {
    const numbers = new Array<bigint>(count)
    for (let at = 0; at < count; at++) {
        last += incrementBy
        if (resetAt !== undefined && last >= resetAt) last = startAt
        numbers[at] = last
    }
    return numbers
}

/** @internal */
export function refuseOverflow({ label, type, max }: Rule): never {
    throw new NumberOverflowError(
        `${label} would pass ${max}, the largest ` +
            (max < MAX[type]
                ? "number of its column."
                : type === "number"
                  ? 'safe integer. Use type "bigint".'
                  : "number of a counter."),
    )
}
