import { tableName } from "../../typeorm/names"
import {
    RAISED,
    type StoredTrigger,
    type StoredTriggerRow,
    type Trigger,
    type TriggeredColumn,
    TRIGGER_PREFIX,
    type TriggerStatements,
} from "../trigger-statements"
import { ALLOWS_CHANGES, triggerBodies } from "./trigger-bodies"

const BAD_NULL = 1048
const NO_DEFAULT = 1364
const BAD_FIELD = 1054
const OUT_OF_RANGE = 1690
const NO_SUCH_TABLE = 1146
const NULL_COLUMN = /^Column '(.+)' cannot be null/s
const COLUMN_WITHOUT_DEFAULT = /^Field '(.+)' doesn't have a default value/s

/** @internal */
export const mysqlTrigger: TriggerStatements = {
    // A trigger belongs to the database of its table, and finds the others there.
    namesSchemas: false,
    seesGenerated: true,
    seesForeignKeys: false,
    leavesOutAsNull: true,
    givesBackSkipped: false,
    allowsChanges: ALLOWS_CHANGES,

    triggersOf(column) {
        const { number, insert, keep } = triggerBodies(column)
        return [
            triggerOf(column, "number", "BEFORE INSERT", number),
            triggerOf(column, "insert", "AFTER INSERT", insert),
            triggerOf(column, "keep", "BEFORE UPDATE", keep),
        ]
    },

    stored: () => ({
        sql:
            "SELECT TRIGGER_NAME AS `name`, EVENT_OBJECT_TABLE AS `table`, ACTION_TIMING AS `timing`, " +
            "EVENT_MANIPULATION AS `event`, ACTION_STATEMENT AS `body` " +
            "FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() " +
            "AND LEFT(TRIGGER_NAME, CHAR_LENGTH(?)) = ? ORDER BY EVENT_OBJECT_TABLE, TRIGGER_NAME",
        parameters: [TRIGGER_PREFIX, TRIGGER_PREFIX],
    }),

    storedTrigger(row): StoredTrigger {
        const { name, table, timing, event, body } = row as StoredRow
        return {
            ...trigger(name, quoted(table), `${timing} ${event}`, body),
            table,
            isEnabled: true,
        }
    },

    failureOf({ errno, message, ...error }) {
        const { sqlState } = error as { sqlState?: unknown }
        if (sqlState === RAISED.changed) return { kind: "changed" }
        if (sqlState === RAISED.overflow) return { kind: "overflow" }
        if (errno === OUT_OF_RANGE && String(message).includes("greatest("))
            return { kind: "out of range" }
        if (errno === NO_SUCH_TABLE) return { kind: "no counters" }
        if (errno === BAD_FIELD && /in '(NEW|OLD)'$/.test(String(message)))
            return { kind: "outdated" }
        // Before a trigger runs.
        if (errno === NO_DEFAULT)
            return { kind: "no value", column: COLUMN_WITHOUT_DEFAULT.exec(String(message))?.[1] }
        if (errno !== BAD_NULL) return undefined
        return { kind: "not numbered", column: NULL_COLUMN.exec(String(message))?.[1] }
    },
}

interface StoredRow extends StoredTriggerRow {
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
    return trigger(`${TRIGGER_PREFIX}${name}_${id}`, tableName(series.metadata), when, body)
}

function trigger(name: string, table: string, when: string, body: string): Trigger {
    return {
        name,
        calls: [],
        create: `CREATE TRIGGER ${quoted(name)} ${when} ON ${table} FOR EACH ROW ${body}`,
        drop: `DROP TRIGGER ${quoted(name)}`,
        definition: `${when} ${body}`,
    }
}

function quoted(name: string): string {
    return `\`${name.replaceAll("`", "``")}\``
}
