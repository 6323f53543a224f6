import type { QueryRunner } from "typeorm"
import type { Flush } from "../../numbers/flush"
import { scopeOf } from "../../series/scope"
import { type Scope } from "../../dialects/columns"
import { UnknownScopeError } from "../../errors"
import { groupBy } from "../../group-by"
import { called, random, suffixed } from "./candidates"
import type { Derived } from "../derive/derive"
import { deriveKeys } from "../derive/derived-keys"
import type { Wish } from "./free-keys"
import type { KeyedRow } from "./keyed-row"
import type { StoredKey } from "../pseudo-key"
import { loadScopes } from "../history/stored-scope"

/** @internal A key that a row wants. */
export interface RowWish extends Wish {
    readonly row: KeyedRow
}

/** @internal A row, and those of its keys that are to be made. */
export interface Wanting {
    readonly row: KeyedRow
    readonly keys: readonly StoredKey[]
}

interface Wanted {
    readonly row: KeyedRow
    readonly key: StoredKey
}

/**
 * Works out which keys rows want before they are inserted. Those that only the INSERT tells are named
 * to the rows as late.
 * @internal
 */
export async function wishesOfNew(
    runner: QueryRunner,
    rows: readonly Wanting[],
    flush: Flush,
): Promise<RowWish[]> {
    const wanted = each(rows)
    const derived = await deriveAll(runner, wanted, { isStored: false, flush })
    return wanted.flatMap((one) => {
        const { row, key } = one
        const made = derived.get(one)
        if (made === "after insert") {
            row.defer(key)
            return []
        }
        const scope = scopeOf(key, row.entity, flush)
        if (!scope) throw new UnknownScopeError(`The scope of ${key.name} is not known.`)
        return wishFor(one, scope, made?.text)
    })
}

/**
 * Works out which keys rows want that are in the table; leaves out those that are made of keys which
 * are not there yet.
 * @internal
 */
export async function wishesOfStored(
    runner: QueryRunner,
    rows: readonly Wanting[],
): Promise<RowWish[]> {
    const wanted = each(rows)
    const derived = await deriveAll(runner, wanted, { isStored: true })
    const wishes: RowWish[] = []
    for (const [key, ofKey] of groupBy(wanted, (one) => one.key)) {
        const scopes = await loadScopes(
            runner,
            key,
            ofKey.map(({ row }) => row.entity),
        )
        for (const [at, one] of ofKey.entries()) {
            const made = derived.get(one)
            if (made !== "after insert") wishes.push(wishFor(one, scopes[at] as Scope, made?.text))
        }
    }
    return wishes
}

function each(rows: readonly Wanting[]): Wanted[] {
    return rows.flatMap(({ row, keys }) => keys.map((key) => ({ row, key })))
}

async function deriveAll(
    runner: QueryRunner,
    wanted: readonly Wanted[],
    { isStored, flush }: { isStored: boolean; flush?: Flush },
): Promise<Map<Wanted, Exclude<Derived, { missing: unknown }>>> {
    const deriving = wanted.filter(({ key }) => key.derive !== undefined)
    const derived = await deriveKeys(
        deriving.map(({ row: { entity, metadata }, key }) => ({ key, entity, metadata, isStored })),
        runner.manager,
        flush,
    )
    return new Map(deriving.map((one, at) => [one, derived[at] ?? "after insert"]))
}

function wishFor({ row, key }: Wanted, scope: Scope, text: string | undefined): RowWish {
    const candidates = text
        ? suffixed(text)
        : key.generateFor
          ? called(key, row.entity)
          : random(key)
    return { row, key, scope, candidates, text: text || undefined }
}
