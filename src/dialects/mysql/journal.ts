import type { JournalStatements } from "../statements/journal/journal-statements"
import { literal } from "./literal"

/** @internal */
export const mysqlJournal: JournalStatements = {
    columns: {
        id: { isGenerated: true, generationStrategy: "increment" },
        // Others have no room for years to come, or another time in each session.
        at: { type: "datetime", precision: 6 },
    },
    now: "UTC_TIMESTAMP(6)",
    milliseconds: (at) => `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${at}) DIV 1000`,
    said: (saying) => `NULLIF(@autosequence_${saying}, '')`,
    say: (saying, text) => ({ sql: `SET @autosequence_${saying} = ?`, parameters: [text] }),
    object: (members) =>
        `JSON_OBJECT(${members.map(([name, value]) => `${literal(name)}, ${value}`).join(", ")})`,
    onSet: ({ value, setAt }) =>
        `ON DUPLICATE KEY UPDATE ${value} = VALUES(${value}), ${setAt} = VALUES(${setAt})`,
    exclusive: " FOR UPDATE",
    touchesLocked: false,
}
