import { columnName } from "../../../typeorm/names"
import type { TriggeredColumn } from "../trigger-statements"
import type { TriggerSyntax } from "./trigger-syntax"

/** What the triggers of a column with periods have beside the others; nothing without. */
interface PeriodBlocks {
    readonly declare: string
    /** The day of a row that has been given its period; undefined where there are no periods. */
    readonly day?: string
    /** Gives a new row its period, and today where it has no date. */
    readonly number: string
    /** Refuses a date of a row with a number that is of another period. */
    readonly keep: string
}

/** @internal */
export function periodBlocks(
    { series, period }: TriggeredColumn,
    { periods, declarePeriod, set, same, allowsChanges, ...syntax }: TriggerSyntax,
): PeriodBlocks {
    if (!period) return { declare: "", number: "", keep: "" }
    const { dayOf, name, now, isZone, zone } = periods
    const raise = (kind: Parameters<typeof syntax.raise>[1]) => syntax.raise(series, kind)
    const date = `NEW.${columnName(period.date)}`
    const stored = columnName(period.column)
    const number = columnName(series.column)
    const zoneOf = period.fixed === undefined ? "v_zone" : zone(period.fixed)
    const isAsked = period.content === "day" ? `${date} IS NULL` : "true"
    const findZone =
        period.fixed === undefined
            ? `
    IF ${isAsked} THEN
        ${set("v_zone", period.zoneOf("NEW"))}
        IF NOT COALESCE(${isZone?.("v_zone") ?? "true"}, false) THEN
            ${raise("noPeriod")}
        END IF;
    END IF;`
            : ""
    const today = `
    IF ${date} IS NULL THEN
        ${set(date, now?.(period, zoneOf) ?? date)}
    END IF;`
    const find = `
    ${set("v_day", dayOf(date, period, zoneOf) ?? date)}
    ${set("v_period", name("v_day", period.rule))}`
    const take = `
    IF v_period IS NULL THEN
        ${raise("noPeriod")}
    ELSEIF NEW.${stored} <> v_period THEN
        ${raise("otherPeriod")}
    END IF;
    ${set(`NEW.${stored}`, "v_period")}`
    const areSame = period.sources
        .map(columnName)
        .map((column) => same(`NEW.${column}`, `OLD.${column}`))
        .join(" AND ")
    return {
        day: "v_day",
        declare: declarePeriod,
        number: `${findZone}${today}${find}${take}`,
        keep: `
    IF NEW.${number} IS NOT NULL AND OLD.${number} IS NULL THEN${findZone}${today}${find}${take}
    ELSEIF NEW.${number} IS NOT NULL AND NOT (${areSame}) THEN${findZone}${find}
    IF NOT (${same("v_period", `OLD.${stored}`)}) THEN
        IF NOT ${allowsChanges} OR v_period IS NULL THEN
            ${raise("moved")}
        END IF;
        ${set(`NEW.${stored}`, "v_period")}
    END IF;
    END IF;`,
    }
}
