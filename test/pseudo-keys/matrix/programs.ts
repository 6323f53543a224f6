import * as fc from "fast-check"
import { TITLES } from "./styles"

/** A new row. Which title, which box and which key it has is told by places in lists. */
export interface Plan {
    readonly title: number
    readonly box: number
    /** A key that the caller sets, of those that were seen. */
    readonly key?: number
}

/** What names a row or a key is looked up among what is there when its step comes. */
export type Step =
    | {
          readonly kind: "insert"
          readonly rows: readonly Plan[]
          readonly of: number
          readonly by: "save" | "insert"
      }
    | {
          readonly kind: "change"
          readonly row: number
          readonly title?: number
          readonly key?: number
          readonly box?: number
          readonly isLoaded: boolean
      }
    | {
          readonly kind: "ask"
          readonly row: number
          readonly by: "empty" | "null" | "name"
          readonly title?: number
      }
    | { readonly kind: "release"; readonly key: number; readonly box: number }
    | { readonly kind: "pass"; readonly rows: readonly number[]; readonly last?: number }
    | { readonly kind: "hide" | "show"; readonly row: number }
    | { readonly kind: "delete"; readonly row: number; readonly by: "remove" | "delete" | "sql" }
    /** Is refused for another column, and caught. */
    | { readonly kind: "fail"; readonly row?: number; readonly title: number }
    | {
          readonly kind: "transaction"
          readonly end: "commit" | "throw"
          readonly steps: readonly Step[]
      }

const row = fc.nat(9)
const key = fc.nat(99)
const title = fc.nat(TITLES.length * 2).map((at) => (at < TITLES.length ? at : at % 3))
const box = fc.constantFrom(1, 1, 2)
const nothing = fc.constant(undefined)
const sometimes = <T>(arbitrary: fc.Arbitrary<T>) => fc.oneof(nothing, arbitrary)
const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 4, arbitrary: nothing }, { weight: 1, arbitrary })

const plan = fc.record({ title, box, key: rarely(key) })
const insert = fc.record({
    kind: fc.constant("insert"),
    rows: fc.array(plan, { minLength: 1, maxLength: 3 }),
    of: fc.nat(1),
    by: fc.constantFrom("save", "save", "insert"),
})
const change = fc.record({
    kind: fc.constant("change"),
    ...{ row, title: sometimes(title), key: sometimes(key), box: rarely(box) },
    isLoaded: fc.boolean(),
})
const ask = fc.record({
    kind: fc.constant("ask"),
    ...{ row, title: rarely(title) },
    by: fc.constantFrom("empty", "null", "name", "name"),
})
const pass = fc.record({
    kind: fc.constant("pass"),
    rows: fc.uniqueArray(row, { minLength: 2, maxLength: 3 }),
    last: rarely(key),
})
const leaf: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: insert },
    { weight: 6, arbitrary: change },
    { weight: 3, arbitrary: ask },
    { weight: 3, arbitrary: pass },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("release"), key, box }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("hide", "show"), row }) },
    {
        weight: 2,
        arbitrary: fc.record({
            kind: fc.constant("delete"),
            row,
            by: fc.constantFrom("remove", "delete", "sql"),
        }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("fail"), row: sometimes(row), title }) },
) as fc.Arbitrary<Step>

function transaction(depth: number): fc.Arbitrary<Step> {
    const inner =
        depth > 0 ? fc.oneof({ weight: 4, arbitrary: leaf }, transaction(depth - 1)) : leaf
    return fc.record({
        kind: fc.constant("transaction"),
        end: fc.constantFrom("commit", "throw"),
        steps: fc.array(inner, { minLength: 1, maxLength: 4 }),
    }) as fc.Arbitrary<Step>
}

export type Program = readonly Step[]

/** Programs of about so many calls, which begin with rows. */
export function programs(length: number): fc.Arbitrary<Step[]> {
    return fc
        .tuple(
            fc.array(insert as fc.Arbitrary<Step>, { minLength: 1, maxLength: 2, size: "max" }),
            fc.array(
                fc.oneof({ weight: 5, arbitrary: leaf }, { weight: 1, arbitrary: transaction(1) }),
                { minLength: 1, maxLength: length, size: "max" },
            ),
        )
        .map(([first, rest]) => [...first, ...rest])
}
