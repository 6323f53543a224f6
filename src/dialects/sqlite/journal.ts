import type { JournalStatements } from "../statements/journal/journal-statements"

/** @internal SQLite has nothing by which a session could say anything. */
export const sqliteJournal: JournalStatements = {
    columns: { at: { type: "datetime" } },
    // Only one writes.
    nextId: ({ table, id }) => `(SELECT COALESCE(MAX(${id}), 0) + 1 FROM ${table})`,
    now: "strftime('%Y-%m-%d %H:%M:%f', 'now')",
    milliseconds: (at) =>
        `CAST(strftime('%s', ${at}) AS INTEGER) * 1000 + CAST(substr(${at}, 21, 3) AS INTEGER)`,
    object: (members) =>
        `json_object(${members.map(([name, value]) => `'${name.replaceAll("'", "''")}', ${value}`).join(", ")})`,
    onSet: ({ series, scope, name, since, value, setAt }) =>
        `ON CONFLICT (${series}, ${scope}, ${name}, ${since}) DO UPDATE ` +
        `SET ${value} = excluded.${value}, ${setAt} = excluded.${setAt}`,
    exclusive: "",
    touchesLocked: false,
}
