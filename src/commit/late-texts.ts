import { checkedText, rowFrame } from "../numbers/documents/row-frame"
import { rowView } from "../numbers/documents/row-view"
import type { ScopeSettings } from "../numbers/documents/scope-settings"
import { pathSql } from "../series/path"
import type { CivilDate } from "../series/periods/civil-date"
import { areViewed, type DocumentFrame, shownPaths } from "../series/documents/document"
import type { Document, Series } from "../series/series"
import { ofRow } from "../typeorm/names"
import { entitiesOf, type LateRow } from "./late-row"

/** @internal What the texts of a stored row are made of, as SQL over the row `t`. */
export function lateColumns({ documents, dialect, metadata }: Series): string[] {
    return [
        ...shownPaths(documents).map((path) => dialect.expressions.text(pathSql(path, ofRow))),
        ...(areViewed(documents) ? metadata.columns.map(ofRow) : []),
    ]
}

/** The texts of a row, but for their numbers. */
interface Asked {
    readonly series: Series
    readonly row: LateRow
    readonly day?: CivilDate
    readonly shown?: readonly unknown[]
    readonly settings?: ScopeSettings
}

/** @internal The texts of a row but for its number, by their documents. */
export function lateFrames({
    series: { documents, metadata },
    row,
    day,
    shown = [],
    settings,
}: Asked): Map<Document, DocumentFrame> {
    const frames = new Map<Document, DocumentFrame>()
    if (documents.length === 0) return frames
    const paths = shownPaths(documents)
    const columns = metadata.columns.map(
        (column, at) => [column, shown[paths.length + at]] as const,
    )
    const own = new Map(columns)
    for (const [column, value] of row.values) own.set(column, value)
    for (const document of documents)
        frames.set(
            document,
            rowFrame(document, {
                day,
                settings,
                valueOf: (path) =>
                    paths.includes(path) ? shown[paths.indexOf(path)] : own.get(path.column),
                view: () => rowView(metadata, own, entitiesOf(row)[0]),
            }),
        )
    return frames
}

/** @internal Writes the texts of a number into its row. */
export function giveLateTexts(
    { values }: LateRow,
    frames: Iterable<readonly [Document, DocumentFrame]>,
    number: bigint,
): void {
    for (const [document, frame] of frames)
        values.set(document.column, checkedText(document, frame, number))
}
