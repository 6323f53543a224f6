import type { JournalStatements } from "../statements/journal/journal-statements"
import { literal } from "./literal"

/** @internal */
export const postgresJournal: JournalStatements = {
    columns: {
        id: { isGenerated: true, generationStrategy: "increment" },
        at: { type: "timestamp with time zone" },
    },
    now: "CURRENT_TIMESTAMP",
    milliseconds: (at) => `floor(extract(epoch FROM ${at}) * 1000)::bigint`,
    said: (saying) => `NULLIF(current_setting('autosequence.${saying}', true), '')`,
    say: (saying, text) => ({
        sql: `SELECT set_config('autosequence.${saying}', $1, true)`,
        parameters: [text ?? ""],
    }),
    object: (members) =>
        `json_build_object(${members.map(([name, value]) => `${literal(name)}, ${value}`).join(", ")})`,
    onSet: ({ series, scope, name, since, value, setAt }) =>
        `ON CONFLICT (${series}, ${scope}, ${name}, ${since}) DO UPDATE ` +
        `SET ${value} = EXCLUDED.${value}, ${setAt} = EXCLUDED.${setAt}`,
    exclusive: " FOR UPDATE",
    touchesLocked: true,
}
