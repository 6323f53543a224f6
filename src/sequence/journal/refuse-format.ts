import { parseFormat } from "../../declared/documents/format"
import type { Refuse } from "../../declared/options"
import { UnsupportedError } from "../../errors"
import { readSettings, withoutPeriod } from "../../numbers/journal/settings"
import { refuseFormat } from "../../series/documents/resolve-document"
import { type Document, placeOf, type Series } from "../../series/series"
import type { Sender } from "../../typeorm/statement"
import type { SequenceKey } from "../scope"
import { wholeKeys } from "./setting-keys"

/** @internal Refuses a format that no text would have, or that two rows might get the same text by. */
export async function refuseFormatOf(
    sender: Sender,
    series: Series,
    key: SequenceKey,
    { format, refuse }: { readonly format: string; readonly refuse: Refuse },
): Promise<void> {
    const [document] = series.documents
    if (!document) return
    if (series.strategy === "trigger")
        throw new UnsupportedError(
            `The format of ${placeOf(series)} can't be changed: with strategy "trigger" the database writes the ` +
                'texts, and knows only the declared formats. Declare strategy "counter".',
        )
    refuseFormat(document, format, refuse, await formatsBeside(sender, document, key, refuse))
}

/** The formats of other kinds, where the scope says which kind it is of: those that were set for them, and the declared ones. */
async function formatsBeside(
    sender: Sender,
    { series, format }: Document,
    key: SequenceKey,
    refuse: Refuse,
) {
    if (format.kind !== "by") return undefined
    const { scope, scopeColumns } = withoutPeriod(series)
    const own = scope.find(({ path, columns }) => path === format.by && columns.length === 1)
    const at = own?.columns[0] ? scopeColumns.indexOf(own.columns[0]) : -1
    const kind = key.texts[at]
    if (typeof kind !== "string") return undefined
    const others = new Map([...format.formats].map(([name, tokens]) => [name, [tokens]]))
    others.delete(kind)
    const names = [...others.keys()]
    const keys = names.map((name): SequenceKey => {
        const [values, texts] = [[...key.values], [...key.texts]]
        values[at] = texts[at] = name
        return { ...key, values, texts }
    })
    const places = await wholeKeys(sender, series, keys)
    for (const { scope: place, name, value } of await readSettings(sender, series, places))
        if (name === "format")
            others.get(names[places.indexOf(place)] ?? "")?.push(parseFormat(value, refuse))
    return { kind, others }
}
