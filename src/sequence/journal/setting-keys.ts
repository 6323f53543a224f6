import { readSettings, settingKeysOf, withoutPeriod } from "../../numbers/journal/settings"
import type { Series } from "../../series/series"
import type { Sender } from "../../typeorm/statement"
import { columnKey, type SequenceKey } from "../scope"

/** @internal The code of a scope, that of its period where it counts in periods. */
export async function findCode(
    sender: Sender,
    series: Series,
    key: SequenceKey,
): Promise<string | null> {
    const { scope } = await columnKey(sender, series, key)
    const keys = await settingKeysOf(sender, series, [scope])
    const found = (await readSettings(sender, series, keys)).filter(({ name }) => name === "code")
    const since = periodOf(series, key)
    return found.find((one) => one.since === since)?.value ?? null
}

/** @internal The period of a scope, as settings have it. */
export function periodOf({ period }: Series, { texts }: SequenceKey): string {
    return period ? (texts.at(-1) ?? "") : ""
}

/** @internal The key of a scope without its period. */
export async function wholeKey(sender: Sender, series: Series, key: SequenceKey): Promise<string> {
    const { scope } = await columnKey(sender, withoutPeriod(series), key)
    const [found = ""] = await settingKeysOf(sender, series, [scope])
    return found
}
