import { InvalidOptionError } from "../errors"
import { show } from "./show"

// For callers whom no compiler has told: a TypeError from the middle of this library helps nobody.

/** @internal What a value has to be, and how errors say it. */
export type Form = readonly [isRight: (value: unknown) => boolean, form: string]

/** @internal One for each option. */
export type Forms<Options> = Readonly<Record<keyof Options, Form>>

/** @internal Throws the error about an option. */
export type Refuse = (problem: string) => never

/** @internal Refuses what stands at a place. */
export function refuserOf(place: string): Refuse {
    return (problem) => {
        throw new InvalidOptionError(`${place}: ${problem}`)
    }
}

/** @internal */
export const TEXT: Form = [
    (value) => typeof value === "string" && value !== "",
    "a non-empty string",
]
/** @internal */
export const TEXT_OR_NONE: Form = [(value) => typeof value === "string", "a string"]
/** @internal */
export const FLAG: Form = [(value) => typeof value === "boolean", "true or false"]
/** @internal */
export const OBJECT: Form = [(value) => typeof value === "object" && value !== null, "an object"]
/** @internal */
export const LIST: Form = [Array.isArray, "a list"]
/** @internal */
export const FUNCTION: Form = [(value) => typeof value === "function", "a function"]
/** @internal */
export const ANYTHING: Form = [() => true, ""]
/** @internal */
export const SIGNAL: Form = [
    (value) => typeof (Object(value) as { aborted?: unknown }).aborted === "boolean",
    "the signal of an AbortController",
]
/** @internal */
export const ISOLATION_LEVEL = oneOf(
    "READ UNCOMMITTED",
    "READ COMMITTED",
    "REPEATABLE READ",
    "SERIALIZABLE",
)

/** @internal */
export function oneOf(...values: readonly string[]): Form {
    return [(value) => values.some((one) => one === value), `one of ${values.join(", ")}`]
}

/** @internal */
export function integerFrom(least: number): Form {
    return [
        (value) => Number.isSafeInteger(value) && Number(value) >= least,
        `an integer of at least ${least}`,
    ]
}

/** @internal An object whose values all have a form. */
export function objectOf([isRight, form]: Form): Form {
    return [
        (value) => OBJECT[0](value) && Object.values(value as object).every(isRight),
        `an object whose values are ${form}`,
    ]
}

/** @internal Refuses a value that does not have its form. */
export function refuseOther(
    what: string,
    value: unknown,
    [isRight, form]: Form,
    refuse: Refuse,
): void {
    if (!isRight(value)) refuse(`${what} ${show(value)}, give ${form}.`)
}

/** @internal Refuses options that are no object, or have others than these. */
export function refuseUnknown(options: unknown, known: readonly string[], refuse: Refuse): void {
    refuseOther("the options are", options, OBJECT, refuse)
    for (const name of Object.keys(options as object))
        if (!known.includes(name))
            refuse(`there is no option "${name}". The options are ${known.join(", ")}.`)
}

/** @internal Refuses options that are no object, and values that they can't have; undefined is none. */
export function refuseWrong<Options extends object>(
    options: Options,
    forms: Partial<Forms<Options>>,
    refuse: Refuse,
): void {
    refuseOther("the options are", options, OBJECT, refuse)
    for (const [name, form] of Object.entries<Form | undefined>(forms)) {
        const value = options[name as keyof Options]
        if (value !== undefined && form) refuseOther(`${name} is`, value, form, refuse)
    }
}

/** @internal The options of a function as a caller has given them, all of which are these. */
export function checkedOptions<Options extends object>(
    place: string,
    options: Options,
    forms: Forms<Required<Options>>,
): Options {
    const refuse = refuserOf(place)
    refuseUnknown(options, Object.keys(forms), refuse)
    refuseWrong(options, forms as Partial<Forms<Options>>, refuse)
    return options
}
