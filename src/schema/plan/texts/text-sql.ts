import { documentSql } from "../../../series/documents/document-sql"
import { isPeriodic, periodDay } from "../../../series/periods/period-sql"
import type { Document } from "../../../series/series"
import { type ColumnMetadata, columnName } from "../../../typeorm/names"

/** @internal The text of a stored row `t`; undefined where SQL can't make it. */
export function textSql(
    document: Document,
    number = `t.${columnName(document.series.column)}`,
): string | undefined {
    const { series } = document
    const nameOf = (column: ColumnMetadata) => `t.${columnName(column)}`
    return documentSql(document, {
        nameOf,
        number,
        day: isPeriodic(series) ? periodDay(series, "t") : undefined,
        period: series.period && nameOf(series.period.column),
    })
}
