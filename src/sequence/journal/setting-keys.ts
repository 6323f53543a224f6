import { readSettings, settingKeysOf, withoutPeriod } from "../../numbers/journal/settings"
import type { Series } from "../../series/series"
import type { Sender } from "../../typeorm/statement"
import { columnScope, type SequenceKey } from "../scope"

/** @internal The code of a scope, that of its period where it counts in periods. */
export async function findCode(
    sender: Sender,
    series: Series,
    key: SequenceKey,
): Promise<string | null> {
    const keys = await settingKeysOf(sender, series, [columnScope(series, key)])
    const found = (await readSettings(sender, series, keys)).filter(({ name }) => name === "code")
    const since = periodOf(series, key)
    return found.find((one) => one.since === since)?.value ?? null
}

/** @internal The period of a scope, as settings have it. */
export function periodOf({ period }: Series, { texts }: SequenceKey): string {
    return period ? (texts.at(-1) ?? "") : ""
}

/** @internal The keys of scopes without their periods, in their order. */
export async function wholeKeys(
    sender: Sender,
    series: Series,
    keys: readonly SequenceKey[],
): Promise<string[]> {
    const whole = withoutPeriod(series)
    const scopes = keys.map((key) => columnScope(whole, key))
    return settingKeysOf(sender, series, scopes)
}

/** @internal The key of a scope without its period. */
export async function wholeKey(sender: Sender, series: Series, key: SequenceKey): Promise<string> {
    const [found = ""] = await wholeKeys(sender, series, [key])
    return found
}
