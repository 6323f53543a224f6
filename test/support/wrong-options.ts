import { InvalidOptionError } from "../../src"
import { expectErrorIs, rejection } from "./errors"

export interface Refusals {
    /** A call of everything that takes options, with these in their place. */
    readonly calls: Readonly<Record<string, (options: never) => unknown>>
    /** Options of these calls that have other values than they can. */
    readonly wrong: Readonly<Record<string, object>>
    /** Calls of everything that takes something else, with that in its place. */
    readonly others: Readonly<Record<string, (value: never) => unknown>>
}

/** Defines a test for each that it is refused by a typed error. */
export function itRefuses({ calls, wrong, others }: Refusals): void {
    for (const [name, call] of Object.entries(calls))
        for (const value of [null, 5, "text", 5n, Symbol("a")])
            it(`${name}: ${String(value)}`, () => expectRefused(() => call(value as never)))

    for (const [name, options] of Object.entries(wrong))
        for (const [option, value] of Object.entries(options))
            it(`${name}: ${option}`, () =>
                expectRefused(() => calls[name]?.({ [option]: value as unknown } as never)))

    for (const [name, call] of Object.entries(others))
        for (const value of [null, 5n, Symbol("a"), { toString: null }])
            it(`${name}: ${typeof value}`, () => expectRefused(() => call(value as never)))
}

async function expectRefused(call: () => unknown): Promise<void> {
    const error = await rejection(
        (async () => {
            await call()
        })(),
    )
    expectErrorIs(error, InvalidOptionError)
}
