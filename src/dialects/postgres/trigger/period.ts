import { columnName } from "../../../typeorm/names"
import type { PeriodBlocks } from "../../statements/period-statements"
import type { TriggeredColumn } from "../../statements/trigger-statements"
import { postgresPeriods } from "../periods"
import { raise } from "./raise"

/** @internal */
export function periodBlocks(
    { series, period }: TriggeredColumn,
    allowsChanges: string,
): PeriodBlocks {
    if (!period) return { declare: "", number: "", keep: "" }
    const { dayOf, name, now, isZone, zone } = postgresPeriods
    const date = `NEW.${columnName(period.date)}`
    const stored = columnName(period.column)
    const number = columnName(series.column)
    const zoneOf = period.fixed === undefined ? "v_zone" : zone(period.fixed)
    const isAsked = period.content === "day" ? `${date} IS NULL` : "true"
    const findZone =
        period.fixed === undefined
            ? `
    IF ${isAsked} THEN
        v_zone := ${period.zoneOf("NEW")};
        IF NOT COALESCE(${isZone?.("v_zone") ?? "true"}, false) THEN
            ${raise(series, "noPeriod")};
        END IF;
    END IF;`
            : ""
    const today = `
    IF ${date} IS NULL THEN
        ${date} := ${now?.(period, zoneOf) ?? date};
    END IF;`
    const find = `
    v_period := ${name(dayOf(date, period, zoneOf) ?? date, period.rule)};`
    const take = `
    IF v_period IS NULL THEN
        ${raise(series, "noPeriod")};
    ELSIF NEW.${stored} <> v_period THEN
        ${raise(series, "otherPeriod")};
    END IF;
    NEW.${stored} := v_period;`
    const sources = (row: string) =>
        `(${period.sources.map((column) => `${row}.${columnName(column)}`).join(", ")})`
    return {
        day: dayOf(date, period, zoneOf) ?? date,
        declare: `
    v_zone text;
    v_period text;`,
        number: `${findZone}${today}${find}${take}`,
        keep: `
    IF NEW.${number} IS NOT NULL AND OLD.${number} IS NULL THEN${findZone}${today}${find}${take}
    ELSIF NEW.${number} IS NOT NULL AND ${sources("NEW")} IS DISTINCT FROM ${sources("OLD")} THEN${findZone}${find}
    IF v_period IS DISTINCT FROM OLD.${stored} THEN
        IF NOT ${allowsChanges} OR v_period IS NULL THEN
            ${raise(series, "moved")};
        END IF;
        NEW.${stored} := v_period;
    END IF;
    END IF;`,
    }
}
