import { columnName } from "../../../typeorm/names"
import type { TriggeredColumn } from "../trigger-statements"
import type { TriggerSyntax } from "./trigger-syntax"

/** What the triggers of a column do with the texts of its numbers; nothing where there are none. */
interface TextBlocks {
    readonly declare: string
    /** Refuses a text that comes without its number. */
    readonly refuse: string
    /** Gives a row the texts of the number that it has. */
    readonly write: string
    /** Refuses other texts for a stored row. */
    readonly keep: string
}

/** @internal */
export function textBlocks(
    { series, documents }: TriggeredColumn,
    day: string | undefined,
    { declareText, set, raise, same, matches, allowsChanges }: TriggerSyntax,
): TextBlocks {
    const number = columnName(series.column)
    const blocks = documents.map(({ column, textOf, maxLength, pattern }) => {
        const text = columnName(column)
        const isWrong = [
            "v_shown IS NULL",
            `CHAR_LENGTH(v_shown) > ${maxLength}`,
            ...(pattern ? [`NOT ${matches("v_shown", pattern)}`] : []),
        ]
        return {
            refuse: `
    IF NEW.${number} IS NULL AND NEW.${text} IS NOT NULL THEN
        ${raise(series, "otherText")}
    END IF;`,
            // The column itself would cut it, or refuse it in words of its own.
            write: `
    IF NEW.${number} IS NOT NULL AND NEW.${text} IS NULL THEN
        ${set("v_shown", textOf(day))}
        IF ${isWrong.join(" OR ")} THEN
            ${raise(series, "noText")}
        END IF;
        ${set(`NEW.${text}`, "v_shown")}
    END IF;`,
            keep: `
    IF NOT (${same(`NEW.${text}`, `OLD.${text}`)}) AND OLD.${text} IS NOT NULL AND NOT ${allowsChanges} THEN
        ${raise(series, "changedText")}
    END IF;`,
        }
    })
    const all = (block: "refuse" | "write" | "keep") => blocks.map((one) => one[block]).join("")
    return {
        declare: blocks.length > 0 ? declareText : "",
        refuse: all("refuse"),
        write: all("write"),
        keep: all("keep"),
    }
}
