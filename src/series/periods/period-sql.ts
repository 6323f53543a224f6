import { ofRow } from "../../typeorm/names"
import type { Series } from "../series"
import type { Period } from "./resolve-period"
import { zoneSql } from "./zone"

/** @internal A series that counts in periods. */
export type PeriodicSeries = Series & { readonly period: Period }

/** @internal */
export function isPeriodic(series: Series): series is PeriodicSeries {
    return series.period !== undefined
}

/** @internal The name of the period of a stored row `t` as SQL; undefined where the database knows no zones. */
export function periodSql(series: PeriodicSeries): string | undefined {
    const day = periodDay(series)
    return day && series.dialect.periods.name(day, series.period.rule)
}

/** @internal The day of the date of a stored row `t` as SQL; undefined where the database knows no zones. */
export function periodDay({ period, metadata, dialect }: PeriodicSeries): string | undefined {
    const zone = zoneSql(period.zone, metadata, ofRow)
    return dialect.periods.dayOf(ofRow(period.date), period, zone)
}
