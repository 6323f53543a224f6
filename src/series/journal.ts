import type { DataSource } from "typeorm"
import { seriesOf } from "./resolve-series"
import type { Series } from "./series"
import { sharersOf } from "./sharers"

/** @internal Whether what is unusual of its numbers is written to the journal. */
export function keepsJournal(series: Series): boolean {
    return sharersOf(series).some(asksForJournal)
}

/** @internal Whether formats or codes of its scopes are set while the application runs. */
export function keepsSettings(series: Series): boolean {
    return sharersOf(series).some(asksForSettings)
}

/** @internal Whether the data source needs the table of the journal. */
export function hasJournal({ entityMetadatas }: DataSource): boolean {
    return entityMetadatas.some((metadata) => seriesOf(metadata).some(asksForJournal))
}

/** @internal Whether the data source needs the table of settings. */
export function hasSettings({ entityMetadatas }: DataSource): boolean {
    return entityMetadatas.some((metadata) => seriesOf(metadata).some(asksForSettings))
}

/** One column alone: its sharers are not known while TypeORM builds the metadata. */
function asksForJournal(series: Series): boolean {
    return series.journal || series.deletable !== true || asksForSettings(series)
}

function asksForSettings(series: Series): boolean {
    return series.settings
}
