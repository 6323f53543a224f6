import type { Scope } from "../../dialects/columns"
import type { Series } from "../../series/series"
import type { Sender } from "../../typeorm/statement"
import { readSettings, settingKeysOf } from "../journal/settings"

/** @internal What is registered for the scope of a row. */
export interface ScopeSettings {
    readonly code?: string
    /** The formats and the days from which they hold, the latest first. */
    readonly formats: readonly { readonly since: string; readonly format: string }[]
}

/** @internal What is registered for scopes, where the texts of a series show such things. */
export async function settingsOfScopes(
    runner: Sender,
    series: Series,
    scopes: readonly Scope[],
): Promise<Map<Scope, ScopeSettings>> {
    const found = new Map<Scope, ScopeSettings>()
    if (!showsSettings(series)) return found
    const asked = [...new Set(scopes)]
    const keys = await settingKeysOf(runner, series, asked)
    const all = await readSettings(runner, series, keys)
    for (const [at, scope] of asked.entries()) {
        const own = all.filter((one) => one.scope === keys[at])
        const period = series.period ? scope.values.at(-1) : ""
        const code = own.find(({ name, since }) => name === "code" && since === period)
        const formats = own
            .filter(({ name }) => name === "format")
            .map(({ since, value }) => ({ since, format: value }))
            .sort((a, b) => (a.since < b.since ? 1 : -1))
        found.set(scope, { code: code?.value, formats })
    }
    return found
}

/** @internal Whether texts show what is set while the application runs. */
export function showsSettings({ documents }: Series): boolean {
    return documents.some(({ hasSettings, showsCode }) => hasSettings || showsCode)
}
