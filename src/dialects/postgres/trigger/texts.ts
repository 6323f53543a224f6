import { columnName } from "../../../typeorm/names"
import { joinedBlocks, type TextBlocks } from "../../statements/text-blocks"
import type { TriggeredColumn } from "../../statements/trigger-statements"
import { literal } from "../literal"
import { raise } from "./raise"

/** @internal */
export function textBlocks(
    { series, documents }: TriggeredColumn,
    day: string | undefined,
    allowsChanges: string,
): TextBlocks {
    const number = columnName(series.column)
    const blocks = documents.map(({ column, textOf, maxLength, pattern }) => {
        const text = columnName(column)
        const isWrong = [
            `NEW.${text} IS NULL`,
            `char_length(NEW.${text}) > ${maxLength}`,
            ...(pattern ? [`NEW.${text} !~ ${literal(pattern)}`] : []),
        ]
        return {
            refuse: `
    IF NEW.${number} IS NULL AND NEW.${text} IS NOT NULL THEN
        ${raise(series, "otherText")};
    END IF;`,
            write: `
    IF NEW.${number} IS NOT NULL AND NEW.${text} IS NULL THEN
        NEW.${text} := ${textOf(day)};
        IF ${isWrong.join(" OR ")} THEN
            ${raise(series, "noText")};
        END IF;
    END IF;`,
            keep: `
    IF NEW.${text} IS DISTINCT FROM OLD.${text} AND OLD.${text} IS NOT NULL AND NOT ${allowsChanges} THEN
        ${raise(series, "changedText")};
    END IF;`,
        }
    })
    return joinedBlocks(blocks)
}
