import { namedPlace } from "../../../typeorm/names"
import { APPEND_ONLY } from "../../statements/journal/append-only"
import type { TriggerCatalogue } from "../../statements/trigger-catalogue"
import {
    shortId,
    type StoredTrigger,
    type StoredTriggerRow,
    type Trigger,
    TRIGGER_PREFIX,
} from "../../statements/trigger-statements"
import { literal } from "../literal"

/** @internal */
export const mysqlTriggers: TriggerCatalogue = {
    // A trigger belongs to the database of its table, and finds the others there. Those of tables in
    // other databases name that of the connection.
    namesSchemas: false,

    stored: (databases) => ({
        sql:
            "SELECT TRIGGER_NAME AS `name`, EVENT_OBJECT_TABLE AS `table`, TRIGGER_SCHEMA AS `schema`, " +
            "ACTION_TIMING AS `timing`, EVENT_MANIPULATION AS `event`, ACTION_STATEMENT AS `body` " +
            `FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA IN (${databases.map(() => "?").join(", ")}) ` +
            "AND LEFT(TRIGGER_NAME, CHAR_LENGTH(?)) = ? ORDER BY EVENT_OBJECT_TABLE, TRIGGER_NAME",
        parameters: [...databases, TRIGGER_PREFIX, TRIGGER_PREFIX],
    }),

    storedTrigger(row, namesDatabase): StoredTrigger {
        const { name, table, schema, timing, event, body } = row as StoredRow
        const place = namesDatabase ? `${quoted(schema)}.` : ""
        return {
            ...trigger(place, name, quoted(table), `${timing} ${event}`, body ?? ""),
            // Without the right TRIGGER.
            isHidden: body === null,
            table,
            schema,
            isEnabled: true,
        }
    },

    appendOnly(metadata): readonly Trigger[] {
        const database = namedPlace(metadata)
        const place = database === undefined ? "" : `${quoted(database)}.`
        const id = shortId(metadata.tableName)
        const body = `BEGIN
    DECLARE v_text VARCHAR(255) CHARACTER SET utf8mb4;
    SET v_text = ${literal(APPEND_ONLY.text)};
    SIGNAL SQLSTATE '${APPEND_ONLY.state}' SET MESSAGE_TEXT = v_text;
END`
        return ["UPDATE", "DELETE"].map((event) =>
            trigger(
                place,
                `${TRIGGER_PREFIX}${event.toLowerCase()}_${id}`,
                quoted(metadata.tableName),
                `BEFORE ${event}`,
                body,
            ),
        )
    },

    isAppendOnly: (error) => (error as { sqlState?: unknown }).sqlState === APPEND_ONLY.state,
}

interface StoredRow extends StoredTriggerRow {
    readonly schema: string
    readonly timing: string
    readonly event: string
    readonly body: string | null
}

/** @internal It is in the database of its table. */
export function trigger(
    place: string,
    name: string,
    table: string,
    when: string,
    body: string,
): Trigger {
    return {
        name,
        calls: [],
        create: `CREATE TRIGGER ${place}${quoted(name)} ${when} ON ${place}${table} FOR EACH ROW ${body}`,
        drop: `DROP TRIGGER ${place}${quoted(name)}`,
        definition: `${when} ${body}`,
    }
}

/** @internal */
export function quoted(name: string): string {
    return `\`${name.replaceAll("`", "``")}\``
}
