import { columnName } from "../../../typeorm/names"
import { RAISED, raisedTexts } from "../../statements/raised"
import type { TriggeredColumn } from "../../statements/trigger-statements"
import { literal } from "../literal"

/** @internal What the triggers of a column do with the texts of its numbers; nothing where there are none. */
export interface TextBlocks {
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
    allowsChanges: string,
): TextBlocks {
    const texts = raisedTexts(series)
    const raise = (kind: keyof typeof RAISED) =>
        `RAISE EXCEPTION USING ERRCODE = '${RAISED[kind]}', MESSAGE = ${literal(texts[kind])}`
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
        ${raise("otherText")};
    END IF;`,
            write: `
    IF NEW.${number} IS NOT NULL AND NEW.${text} IS NULL THEN
        NEW.${text} := ${textOf(day)};
        IF ${isWrong.join(" OR ")} THEN
            ${raise("noText")};
        END IF;
    END IF;`,
            keep: `
    IF NEW.${text} IS DISTINCT FROM OLD.${text} AND OLD.${text} IS NOT NULL AND NOT ${allowsChanges} THEN
        ${raise("changedText")};
    END IF;`,
        }
    })
    const all = (block: keyof TextBlocks) => blocks.map((one) => one[block]).join("")
    return { refuse: all("refuse"), write: all("write"), keep: all("keep") }
}
