import { columnName } from "../../../typeorm/names"
import { RAISED, raisedTexts } from "../../statements/raised"
import { joinedBlocks, type TextBlocks } from "../../statements/text-blocks"
import type { TriggeredColumn } from "../../statements/trigger-statements"
import { literal } from "../literal"

/** @internal */
export function textBlocks(
    { series, documents }: TriggeredColumn,
    day: string | undefined,
    allowsChanges: string,
): TextBlocks {
    const texts = raisedTexts(series)
    const signal = (kind: keyof typeof RAISED) => `
            SET v_text = ${literal(texts[kind])};
            SIGNAL SQLSTATE '${RAISED[kind]}' SET MESSAGE_TEXT = v_text;`
    const number = columnName(series.column)
    const blocks = documents.map(({ column, textOf, maxLength, pattern }) => {
        const text = columnName(column)
        const isWrong = [
            "v_shown IS NULL",
            `CHAR_LENGTH(v_shown) > ${maxLength}`,
            ...(pattern ? [`NOT v_shown REGEXP BINARY ${literal(pattern)}`] : []),
        ]
        return {
            refuse: `
    IF NEW.${number} IS NULL AND NEW.${text} IS NOT NULL THEN${signal("otherText")}
    END IF;`,
            // The column itself would cut it, or refuse it in words of its own.
            write: `
    IF NEW.${number} IS NOT NULL AND NEW.${text} IS NULL THEN
        SET v_shown = ${textOf(day)};
        IF ${isWrong.join(" OR ")} THEN${signal("noText")}
        END IF;
        SET NEW.${text} = v_shown;
    END IF;`,
            keep: `
    IF NOT (NEW.${text} <=> OLD.${text}) AND OLD.${text} IS NOT NULL AND NOT ${allowsChanges} THEN${signal("changedText")}
    END IF;`,
        }
    })
    return joinedBlocks(blocks)
}
