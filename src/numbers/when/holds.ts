import { groupBy } from "../../group-by"
import { scopeText, scopeWith } from "../../series/scopes/scope"
import { keysOf } from "../../series/scopes/scope-key"
import type { Series } from "../../series/series"
import type { ColumnTest } from "../../series/when/row-condition"
import type { Sender } from "../../typeorm/statement"

/** What one column is asked, and the value that it is about to have, as text. */
interface AskedValue {
    readonly test: ColumnTest
    readonly text: string | null
}

/**
 * Whether values meet what their columns are asked, NULL for those that nobody can say it of, as in SQL. They are
 * equal where the columns take them for equal.
 * @internal
 */
export async function holds(
    runner: Sender,
    series: Series,
    asked: readonly AskedValue[],
): Promise<(boolean | null)[]> {
    const keys = new Map<ColumnTest, Keys>()
    for (const [test, ofTest] of groupBy(asked, (one) => one.test)) {
        const texts = ofTest.flatMap(({ text }) => text ?? [])
        keys.set(test, await keysOfTexts(runner, series, test, texts))
    }
    return asked.map(({ test, text }) => meets(test.test, text, keys.get(test)))
}

function meets(test: ColumnTest["test"], text: string | null, keys?: Keys): boolean | null {
    if (test.kind === "null") return text === null
    if (test.kind === "not") {
        const met = meets(test.test, text, keys)
        return met === null ? null : !met
    }
    if (text === null) return null
    return test.values.some((value) => keys?.literals.get(value) === keys?.texts.get(text))
}

interface Keys {
    readonly literals: Map<string | number | boolean, string>
    readonly texts: Map<string, string>
}

const MOST = 1000
// A collation stays as it is, so what the database has said once needs not be asked for again.
const cache = new WeakMap<ColumnTest, Keys>()

async function keysOfTexts(
    runner: Sender,
    series: Series,
    test: ColumnTest,
    texts: readonly string[],
): Promise<Keys> {
    const { column, path } = test
    let keys = cache.get(test)
    if (!keys || keys.texts.size > MOST) {
        keys = { literals: new Map(), texts: new Map() }
        cache.set(test, keys)
    }
    const { literals, texts: known } = keys
    const values = literals.size === 0 ? valuesOf(test.test) : []
    const literalTexts = values.map((value) => scopeText(column, value))
    const unknown = [...new Set([...literalTexts, ...texts])].filter(
        (text) => text !== null && !known.has(text),
    )
    if (unknown.length > 0) {
        const scopes = unknown.map((text) => scopeWith([text]))
        const scoped = { ...series, scope: [{ path, columns: [column] }], scopeColumns: [column] }
        const found = await keysOf(runner, scoped, scopes)
        for (const [at, text] of unknown.entries()) known.set(text ?? "", found[at] ?? "")
    }
    for (const [at, value] of values.entries())
        literals.set(value, known.get(literalTexts[at] ?? "") ?? "")
    return keys
}

function valuesOf(test: ColumnTest["test"]): readonly (string | number | boolean)[] {
    if (test.kind === "not") return valuesOf(test.test)
    return test.kind === "in" ? test.values : []
}
