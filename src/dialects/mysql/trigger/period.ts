import { columnName } from "../../../typeorm/names"
import type { PeriodBlocks } from "../../statements/period-statements"
import { RAISED, raisedTexts } from "../../statements/raised"
import type { TriggeredColumn } from "../../statements/trigger-statements"
import { literal } from "../literal"
import { mysqlPeriods } from "../periods"

/** @internal */
export function periodBlocks(
    { series, period }: TriggeredColumn,
    allowsChanges: string,
): PeriodBlocks {
    if (!period) return { declare: "", number: "", keep: "" }
    const { dayOf, name, now, isZone, zone } = mysqlPeriods
    const date = `NEW.${columnName(period.date)}`
    const stored = columnName(period.column)
    const number = columnName(series.column)
    const texts = raisedTexts(series)
    const raise = (kind: keyof typeof RAISED) =>
        `SET v_text = ${literal(texts[kind])};
        SIGNAL SQLSTATE '${RAISED[kind]}' SET MESSAGE_TEXT = v_text;`
    const zoneOf = period.fixed === undefined ? "v_zone" : zone(period.fixed)
    const isAsked = period.content === "day" ? `${date} IS NULL` : "TRUE"
    const findZone =
        period.fixed === undefined
            ? `
    IF ${isAsked} THEN
        SET v_zone = ${period.zoneOf("NEW")};
        IF NOT COALESCE(${isZone?.("v_zone") ?? "TRUE"}, FALSE) THEN
            ${raise("noPeriod")}
        END IF;
    END IF;`
            : ""
    const today = `
    IF ${date} IS NULL THEN
        SET ${date} = ${now?.(period, zoneOf) ?? date};
    END IF;`
    const find = `
    SET v_day = ${dayOf(date, period, zoneOf) ?? date};
    SET v_period = ${name("v_day", period.rule)};`
    const take = `
    IF v_period IS NULL THEN
        ${raise("noPeriod")}
    ELSEIF NEW.${stored} <> v_period THEN
        ${raise("otherPeriod")}
    END IF;
    SET NEW.${stored} = v_period;`
    const areSame = period.sources
        .map(columnName)
        .map((column) => `NEW.${column} <=> OLD.${column}`)
        .join(" AND ")
    return {
        day: "v_day",
        declare: `
    DECLARE v_zone VARCHAR(64) CHARACTER SET utf8mb4;
    DECLARE v_day DATE;
    DECLARE v_period VARCHAR(10) CHARACTER SET utf8mb4;`,
        number: `${findZone}${today}${find}${take}`,
        keep: `
    IF NEW.${number} IS NOT NULL AND OLD.${number} IS NULL THEN${findZone}${today}${find}${take}
    ELSEIF NEW.${number} IS NOT NULL AND NOT (${areSame}) THEN${findZone}${find}
    IF NOT (v_period <=> OLD.${stored}) THEN
        IF NOT ${allowsChanges} OR v_period IS NULL THEN
            ${raise("moved")}
        END IF;
        SET NEW.${stored} = v_period;
    END IF;
    END IF;`,
    }
}
