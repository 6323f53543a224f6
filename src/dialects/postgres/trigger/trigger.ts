import { tableName } from "../../../typeorm/names"
import { raisedKind } from "../../statements/raised"
import {
    type Trigger,
    type TriggeredColumn,
    TRIGGER_PREFIX,
    type TriggerStatements,
} from "../../statements/trigger-statements"
import { isLate, type TriggerBodies, triggerBodies } from "./bodies"
import { postgresSyntax } from "./syntax"
import {
    definition,
    FUNCTION,
    FUNCTION_PREFIX,
    type OwnFunction,
    ownFunction,
    quoted,
    type StoredFunction,
    storedFunction,
} from "./functions"
import { isCitext } from "./rows"

// The bits of pg_trigger.tgtype.
const [ROW, BEFORE, INSERT, DELETE, UPDATE] = [1, 2, 4, 8, 16]
const EVENTS = { INSERT, DELETE, UPDATE }

/** @internal */
export const postgresTrigger: TriggerStatements = {
    seesGenerated: false,
    seesPeriods: false,
    seesForeignKeys: true,
    leavesOutAsNull: false,
    givesBackSkipped: true,
    allowsChanges: postgresSyntax.allowsChanges,

    commitTrigger: (table) => ({
        sql:
            "SELECT 1 AS found FROM pg_trigger WHERE tgrelid = $1::regclass AND tginitdeferred " +
            "AND tgenabled <> 'D' AND starts_with(tgname, $2) LIMIT 1",
        parameters: [table, TRIGGER_PREFIX],
    }),

    allowChanges: (isAllowed) => ({
        sql: "SELECT set_config('autosequence.allow_changes', $1, true)",
        parameters: [isAllowed ? "on" : ""],
    }),

    giveNumbers: (isGiving) => ({
        sql: "SELECT set_config('autosequence.given', $1, true)",
        parameters: [isGiving ? "on" : ""],
    }),

    triggersOf(column, anywhere) {
        const here = triggerBodies(column)
        const there = triggerBodies(anywhere)
        const functionOf = (name: keyof TriggerBodies) =>
            ownFunction(column, name, here[name], there[name])
        const settled = functionOf("settle")
        const numbering = INSERT + (isLate(column) ? UPDATE : 0)
        const keeping = UPDATE + (column.deletable === true && !column.journal ? 0 : DELETE)
        return [
            triggerOf(column, "number", ROW + BEFORE + numbering, [functionOf("number")]),
            // The condition of an AFTER trigger is looked at as soon as the row is in the table. This
            // one notes that, and is never met. PostgreSQL reads it anew for each statement, and a
            // call without arguments is read fastest.
            triggerOf(column, "insert", ROW + numbering, [settled, functionOf("inserted")]),
            triggerOf(column, "settle", numbering, [settled]),
            triggerOf(column, "keep", ROW + BEFORE + keeping, [functionOf("keep")]),
            // It has no condition and names no columns, as those could neither be dropped nor altered.
            ...(column.assignsAtCommit
                ? [triggerOf(column, "commit", ROW + INSERT + UPDATE, [functionOf("commit")])]
                : []),
        ]
    },

    leftOver: {
        select: (schemas) => ({
            sql:
                `SELECT f.* FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace ` +
                `CROSS JOIN json_to_record(${FUNCTION}) AS f("schema" text, "name" text, ` +
                `"returns" text, "body" text, "isDefiner" boolean, "config" text) ` +
                `WHERE n.nspname = ANY ($1) AND p.proname ~ $2 AND p.pronargs = 0 AND NOT EXISTS ` +
                `(SELECT FROM pg_depend d WHERE d.classid = 'pg_trigger'::regclass ` +
                `AND d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid) ORDER BY 1, 2`,
            parameters: [
                schemas,
                `^${FUNCTION_PREFIX}(number|inserted|settle|keep|commit|append)_.*_[0-9a-f]{8}$`,
            ],
        }),
        read: (row, namesSchema) => storedFunction(row as StoredFunction, namesSchema),
    },

    compared: (column) => (isCitext(column) ? (sql) => `lower(${sql}::text)` : undefined),

    failureOf({ message, ...error }) {
        const { code, where, column } = error as Record<"code" | "where" | "column", unknown>
        const raised = raisedKind(code)
        if (raised) return { kind: raised }
        const isOfTrigger = String(where).includes(FUNCTION_PREFIX)
        if (code === "22023" && isOfTrigger && /time zone/.test(String(message)))
            return { kind: "unknown zone" }
        if (code === "22003" && isOfTrigger) return { kind: "out of range" }
        if (code === "42P01" && isOfTrigger) return { kind: "no counters" }
        if (code === "42703" && isOfTrigger) return { kind: "outdated" }
        if (code === "23502") return { kind: "not numbered", column: String(column) }
        return undefined
    },
}

function triggerOf(
    { id, series }: TriggeredColumn,
    kind: string,
    type: number,
    calls: readonly [OwnFunction, OwnFunction?],
): Trigger {
    const table = tableName(series.metadata)
    const name = `${TRIGGER_PREFIX}${kind}_${id}`
    const [runs, condition] = calls
    const isDeferred = kind === "commit"
    const events = Object.entries(EVENTS).flatMap(([event, bit]) => (type & bit ? event : []))
    return {
        name,
        calls: condition ? [runs, condition] : [runs],
        create:
            `CREATE ${isDeferred ? "CONSTRAINT " : ""}TRIGGER ${quoted(name)} ` +
            `${type & BEFORE ? "BEFORE" : "AFTER"} ${events.join(" OR ")} ON ${table} ` +
            (isDeferred ? "DEFERRABLE INITIALLY DEFERRED " : "") +
            `FOR EACH ${type & ROW ? "ROW" : "STATEMENT"} ` +
            (condition ? `WHEN (${condition.signature}) ` : "") +
            `EXECUTE FUNCTION ${runs.signature}`,
        drop: `DROP TRIGGER ${quoted(name)} ON ${table}`,
        definition: definition(
            { type, columns: "", hasCondition: condition !== undefined, isDeferred },
            condition ? [runs, condition] : [runs],
        ),
    }
}
