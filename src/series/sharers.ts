import type { DataSource } from "typeorm"
import { InvalidOptionError } from "../errors"
import { oncePer } from "../once-per"
import { seriesOf } from "./resolve-series"
import type { Series } from "./series"

/** @internal The columns of one series. */
export type Sharers = readonly [Series, ...Series[]]

/**
 * The columns that are numbered by the same series, one for each table. Refuses those that don't
 * agree on how to count.
 * @internal
 */
export function sharersOf(series: Series): Sharers {
    return allSeriesOf(series.dataSource).get(series.name) ?? [series]
}

/** @internal The series of a data source by their names. */
export const allSeriesOf = oncePer((dataSource: DataSource): ReadonlyMap<string, Sharers> => {
    const byName = new Map<string, [Series, ...Series[]]>()
    for (const series of dataSource.entityMetadatas.flatMap(seriesOf)) {
        const sharers = byName.get(series.name)
        // The classes of a single-table inheritance are in one table.
        if (!sharers) byName.set(series.name, [series])
        else if (!sharers.some((other) => isSameColumn(other, series))) sharers.push(series)
    }
    for (const sharers of byName.values()) refuseDisagreement(sharers)
    return byName
})

/** @internal Whether two are one column, be it that of different entities. */
export function isSameColumn(one: Series, other: Series): boolean {
    return (
        one.metadata.tablePath === other.metadata.tablePath &&
        one.column.databaseName === other.column.databaseName
    )
}

function refuseDisagreement([first, ...others]: readonly Series[]): void {
    const place = ({ metadata, column }: Series) => `${metadata.name}.${column.propertyPath}`
    for (const other of others) {
        const differs = (["strategy", "startAt", "incrementBy", "gapless", "cache"] as const).find(
            (option) => other[option] !== first?.[option],
        )
        const startsDiffer = other.startOf !== first?.startOf ? "startAt" : undefined
        const datesDiffer =
            other.ascends !== first?.ascends ||
            (other.ascends && other.period?.content !== first.period?.content)
        const problem =
            differs ??
            startsDiffer ??
            (datesDiffer ? "dates, or in whether those are days" : undefined) ??
            periodsDiffer(first, other) ??
            (other.scopeColumns.length === first?.scopeColumns.length
                ? collationsOf(other) === collationsOf(first)
                    ? undefined
                    : "whether the collations of uniqueWith take different strings for equal (give all columns the same " +
                      "collation, or one that ends in _bin)"
                : "number of columns in uniqueWith")
        if (first && problem)
            throw new InvalidOptionError(
                `${place(first)} and ${place(other)} share the series "${first.name}" and differ in ` +
                    `${problem}. Give both the same, or each a series of its own.`,
            )
    }
}

/** Documents may have their dates in other columns, and count in the same periods. */
function periodsDiffer(first: Series | undefined, { period }: Series): string | undefined {
    const rule = JSON.stringify(first?.period?.rule)
    return rule === JSON.stringify(period?.rule) ? undefined : "period"
}

/** Texts of some collations have other keys than the same texts elsewhere. */
function collationsOf({ scopeColumns, ...series }: Series): string {
    const { dialect } = series as { dialect: Series["dialect"] | undefined }
    return scopeColumns.map((column) => dialect?.isCollated(column, "")).join()
}
