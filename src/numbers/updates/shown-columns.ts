import { type Piece, piece, plain, type Update } from "../../inserts/sql/update"
import { areViewed, shownPaths } from "../../series/documents/document"
import { pathSql } from "../../series/path"
import type { Series } from "../../series/series"
import { columnName } from "../../typeorm/names"
import { afterUpdate } from "./change"

/** @internal Selects what the texts of rows are made of, as it will be, and those that they have. */
export function shownColumns(
    { documents, dialect, metadata }: Series,
    update: Update,
    as: (name: string) => string,
): Piece[] {
    if (documents.length === 0) return []
    const { text } = dialect.expressions
    const stored = [
        ...documents.map(({ column }, at) => `${columnName(column)} ${as(`t${at}`)}`),
        ...(areViewed(documents) ? metadata.columns : []).map(
            (column, at) => `${columnName(column)} ${as(`v${at}`)}`,
        ),
    ]
    return [
        ...shownPaths(documents).map((path, at) =>
            piece(
                ["", ` ${as(`d${at}`)}`],
                afterUpdate(update, (nameOf) => text(pathSql(path, nameOf))),
            ),
        ),
        plain(stored.join(", ")),
    ]
}
