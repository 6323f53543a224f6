import { namedPlace } from "../../../typeorm/names"
import { raisedKind } from "../../statements/raised"
import {
    type StoredTrigger,
    type StoredTriggerRow,
    type Trigger,
    type TriggeredColumn,
    TRIGGER_PREFIX,
    type TriggerStatements,
} from "../../statements/trigger-statements"
import { ALLOWS_CHANGES, triggerBodies } from "./bodies"

const BAD_NULL = 1048
const NO_DEFAULT = 1364
const BAD_FIELD = 1054
const OUT_OF_RANGE = 1690
const NO_SUCH_TABLE = 1146
const NOT_READ = 1602
const NULL_COLUMN = /^Column '(.+)' cannot be null/s
const COLUMN_WITHOUT_DEFAULT = /^Field '(.+)' doesn't have a default value/s

/** @internal */
export const mysqlTrigger: TriggerStatements = {
    // A trigger belongs to the database of its table, and finds the others there. Those of tables in
    // other databases name that of the connection.
    namesSchemas: false,
    seesGenerated: true,
    seesForeignKeys: false,
    leavesOutAsNull: true,
    runsAtCommit: false,
    givesBackSkipped: false,
    allowsChanges: ALLOWS_CHANGES,

    allowChanges: (isAllowed) => ({
        sql: `SET @autosequence_allow_changes = ${isAllowed ? "TRUE" : "NULL"}`,
    }),

    triggersOf(column) {
        const { number, insert, keep, end, ...bodies } = triggerBodies(column)
        return [
            triggerOf(column, "number", "BEFORE INSERT", number),
            triggerOf(column, "insert", "AFTER INSERT", insert),
            triggerOf(column, "keep", "BEFORE UPDATE", keep),
            ...(bodies.delete === undefined
                ? []
                : [triggerOf(column, "delete", "BEFORE DELETE", bodies.delete)]),
            triggerOf(column, "end", "AFTER UPDATE", end),
        ]
    },

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
            ...trigger(place, name, quoted(table), `${timing} ${event}`, body),
            table,
            schema,
            isEnabled: true,
        }
    },

    reading: {
        look: ({ name, schema }) => ({
            sql: `SHOW CREATE TRIGGER ${schema === undefined ? "" : `${quoted(schema)}.`}${quoted(name)}`,
        }),
        hasFailed: ({ errno }) => errno === NOT_READ,
        again: (table) => `FLUSH TABLES ${table}`,
    },

    failureOf({ errno, message, ...error }) {
        const { sqlState } = error as { sqlState?: unknown }
        const raised = raisedKind(sqlState)
        if (raised) return { kind: raised }
        if (errno === OUT_OF_RANGE && String(message).includes("greatest("))
            return { kind: "out of range" }
        if (errno === NO_SUCH_TABLE) return { kind: "no counters" }
        if (errno === BAD_FIELD && /in '(NEW|OLD)'$/.test(String(message)))
            return { kind: "outdated" }
        // Of any trigger of the table, as one keeps the others from running.
        if (/rigger .*has an error in its body/.test(String(message))) return { kind: "unread" }
        if (errno === NO_DEFAULT)
            return { kind: "left out", column: COLUMN_WITHOUT_DEFAULT.exec(String(message))?.[1] }
        if (errno !== BAD_NULL) return undefined
        return { kind: "not numbered", column: NULL_COLUMN.exec(String(message))?.[1] }
    },
}

interface StoredRow extends StoredTriggerRow {
    readonly schema: string
    readonly timing: string
    readonly event: string
    readonly body: string
}

function triggerOf(
    { id, series }: TriggeredColumn,
    name: string,
    when: string,
    body: string,
): Trigger {
    const { metadata } = series
    const database = namedPlace(metadata)
    const place = database === undefined ? "" : `${quoted(database)}.`
    const table = quoted(metadata.tableName)
    return trigger(place, `${TRIGGER_PREFIX}${name}_${id}`, table, when, body)
}

/** It is in the database of its table. */
function trigger(place: string, name: string, table: string, when: string, body: string): Trigger {
    return {
        name,
        calls: [],
        create: `CREATE TRIGGER ${place}${quoted(name)} ${when} ON ${place}${table} FOR EACH ROW ${body}`,
        drop: `DROP TRIGGER ${place}${quoted(name)}`,
        definition: `${when} ${body}`,
    }
}

function quoted(name: string): string {
    return `\`${name.replaceAll("`", "``")}\``
}
