import { namedPlace } from "../../../typeorm/names"
import { raisedKind } from "../../statements/raised"
import {
    type Trigger,
    type TriggeredColumn,
    TRIGGER_PREFIX,
    type TriggerStatements,
} from "../../statements/trigger-statements"
import { triggerBodies } from "./bodies"
import { mysqlSyntax } from "./syntax"
import { quoted, trigger } from "./catalogue"

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
    seesGenerated: true,
    seesPeriods: true,
    seesForeignKeys: false,
    leavesOutAsNull: true,
    givesBackSkipped: false,
    allowsChanges: mysqlSyntax.allowsChanges,

    allowChanges: (isAllowed) => ({
        sql: `SET @autosequence_allow_changes = ${isAllowed ? "TRUE" : "NULL"}`,
    }),

    giveNumbers: (isGiving) => ({
        sql: `SET @autosequence_given = ${isGiving ? "TRUE" : "NULL"}`,
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
