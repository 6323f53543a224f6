import { namedPlace } from "../../typeorm/names"
import { APPEND_ONLY } from "../statements/journal/append-only"
import type { TriggerCatalogue } from "../statements/trigger-catalogue"
import {
    shortId,
    type StoredTrigger,
    type StoredTriggerRow,
    type Trigger,
    TRIGGER_PREFIX,
} from "../statements/trigger-statements"

/** @internal */
export const sqliteTriggers: TriggerCatalogue = {
    namesSchemas: false,

    stored: (schemas) => ({
        sql: ["", ...schemas]
            .map(
                (schema) =>
                    `SELECT name AS "name", tbl_name AS "table", ${schema ? `'${schema.replaceAll("'", "''")}'` : "NULL"} AS "schema", ` +
                    `sql AS "sql" FROM ${schema ? `${quoted(schema)}.` : ""}sqlite_master ` +
                    `WHERE type = 'trigger' AND substr(name, 1, ${TRIGGER_PREFIX.length}) = '${TRIGGER_PREFIX}'`,
            )
            .join(" UNION ALL "),
    }),

    storedTrigger(row): StoredTrigger {
        const { name, table, schema, sql } = row as StoredTriggerRow & { readonly sql: string }
        const place = schema === undefined ? "" : `${quoted(schema)}.`
        return {
            ...trigger(place, name, sql.slice(sql.indexOf(" BEFORE ") + 1)),
            table,
            schema,
            isEnabled: true,
        }
    },

    appendOnly(metadata): readonly Trigger[] {
        const schema = namedPlace(metadata)
        const place = schema === undefined ? "" : `${quoted(schema)}.`
        const id = shortId(metadata.tableName)
        return ["UPDATE", "DELETE"].map((event) =>
            trigger(
                place,
                `${TRIGGER_PREFIX}${event.toLowerCase()}_${id}`,
                `BEFORE ${event} ON ${quoted(metadata.tableName)} ` +
                    `BEGIN SELECT RAISE(ABORT, '${APPEND_ONLY.text}'); END`,
            ),
        )
    },

    isAppendOnly: ({ message }) => String(message) === APPEND_ONLY.text,
}

function trigger(place: string, name: string, definition: string): Trigger {
    return {
        name,
        calls: [],
        create: `CREATE TRIGGER ${place}${quoted(name)} ${definition}`,
        drop: `DROP TRIGGER ${place}${quoted(name)}`,
        definition,
    }
}

/** @internal */
export function quoted(name: string): string {
    return `"${name.replaceAll('"', '""')}"`
}
