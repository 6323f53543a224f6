import { tableName } from "../../typeorm/names"
import {
    RAISED,
    type StoredTrigger,
    type Trigger,
    type TriggeredColumn,
    type TriggerFunction,
    TRIGGER_PREFIX,
    type TriggerStatements,
} from "../trigger-statements"
import { ALLOWS_CHANGES, triggerBodies } from "./trigger-functions"

const FUNCTION_PREFIX = "autosequence_"
const SEARCH_PATH = "search_path=pg_catalog, pg_temp"
// The bits of pg_trigger.tgtype.
const [ROW, BEFORE, INSERT, UPDATE] = [1, 2, 4, 16]

/** @internal */
export const postgresTrigger: TriggerStatements = {
    namesSchemas: true,
    seesGenerated: false,
    seesForeignKeys: true,
    leavesOutAsNull: false,
    givesBackSkipped: true,
    allowsChanges: ALLOWS_CHANGES,

    triggersOf(column) {
        const { number, inserted, settle, keep } = triggerBodies(column)
        const settled = definerFunction(column, "settle", settle)
        return [
            triggerOf(column, "number", ROW + BEFORE + INSERT, [
                definerFunction(column, "number", number),
            ]),
            // The condition of an AFTER trigger is looked at as soon as the row is in the table. This
            // one notes that, and is never met. PostgreSQL reads it anew for each statement, and a
            // call without arguments is read fastest.
            triggerOf(column, "insert", ROW + INSERT, [
                settled,
                conditionFunction(column, inserted),
            ]),
            triggerOf(column, "settle", INSERT, [settled]),
            triggerOf(column, "keep", ROW + BEFORE + UPDATE, [
                definerFunction(column, "keep", keep),
            ]),
        ]
    },

    stored: (schemas) => ({
        sql:
            `SELECT t.tgname AS "name", t.tgenabled AS "enabled", t.tgtype AS "type", ` +
            `c.relname AS "table", s.nspname AS "schema", pg_get_triggerdef(t.oid) AS "create", ` +
            `t.tgattr::text AS "columns", t.tgqual IS NOT NULL AS "hasCondition", ` +
            `(SELECT json_agg(json_build_object('schema', n.nspname, 'name', p.proname, ` +
            `'create', pg_get_functiondef(p.oid), 'body', p.prosrc, 'isDefiner', p.prosecdef, ` +
            `'config', array_to_string(p.proconfig, ';')) ORDER BY p.oid <> t.tgfoid) ` +
            `FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace ` +
            `WHERE p.oid IN (SELECT d.refobjid FROM pg_depend d ` +
            `WHERE d.classid = 'pg_trigger'::regclass AND d.objid = t.oid ` +
            `AND d.refclassid = 'pg_proc'::regclass)) AS "calls" ` +
            `FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid ` +
            `JOIN pg_namespace s ON s.oid = c.relnamespace ` +
            `WHERE s.nspname = ANY ($1) AND NOT t.tgisinternal AND starts_with(t.tgname, $2) ` +
            `ORDER BY s.nspname, c.relname, t.tgname`,
        parameters: [schemas, TRIGGER_PREFIX],
    }),

    storedTrigger(row): StoredTrigger {
        const { name, table, schema, enabled, create, calls, ...when } = row as unknown as StoredRow
        return {
            name,
            table,
            schema,
            isEnabled: enabled === "O" || enabled === "A",
            create,
            drop: `DROP TRIGGER ${quoted(name)} ON ${quoted(schema)}.${quoted(table)}`,
            calls: calls.map(storedFunction),
            definition: definition(when, calls),
        }
    },

    failureOf(error) {
        const { code, where, column } = error as Record<"code" | "where" | "column", unknown>
        if (code === RAISED.changed) return { kind: "changed" }
        if (code === RAISED.overflow) return { kind: "overflow" }
        const isOfTrigger = String(where).includes(FUNCTION_PREFIX)
        if (code === "22003" && isOfTrigger) return { kind: "overflow" }
        if (code === "42P01" && isOfTrigger) return { kind: "no counters" }
        if (code === "23502") return { kind: "not numbered", column: String(column) }
        return undefined
    },
}

interface StoredFunction extends FunctionText {
    readonly schema: string
    readonly name: string
    readonly create: string
}

/** For which statements a trigger runs. */
interface TriggerTime {
    readonly type: number
    /** The columns that an UPDATE has to set. */
    readonly columns: string
    readonly hasCondition: boolean
}

interface StoredRow extends TriggerTime {
    readonly name: string
    readonly table: string
    readonly schema: string
    readonly enabled: string
    readonly create: string
    readonly calls: readonly StoredFunction[]
}

/** What there is to a function beside its name. */
interface FunctionText {
    readonly body: string
    readonly isDefiner: boolean
    readonly config: string | null
}

type OwnFunction = TriggerFunction & FunctionText & { readonly signature: string }

function definerFunction(column: TriggeredColumn, name: string, body: string): OwnFunction {
    return functionOf(column, name, "trigger", { body, isDefiner: true, config: SEARCH_PATH })
}

function conditionFunction(column: TriggeredColumn, body: string): OwnFunction {
    return functionOf(column, "inserted", "boolean", { body, isDefiner: false, config: null })
}

function functionOf(
    { id, series, schema }: TriggeredColumn,
    name: string,
    returns: string,
    text: FunctionText,
): OwnFunction {
    const plain = `${FUNCTION_PREFIX}${name}_${id}`
    const place = series.metadata.schema ?? schema ?? ""
    const signature = `${quoted(place)}.${quoted(plain)}()`
    return {
        ...text,
        name: `${place}.${plain}`,
        signature,
        create: [
            `CREATE OR REPLACE FUNCTION ${signature} RETURNS ${returns} LANGUAGE plpgsql ` +
                (text.isDefiner ? "SECURITY DEFINER SET search_path = pg_catalog, pg_temp " : "") +
                `AS ${dollarQuoted(text.body)}`,
            privileges(signature, text),
        ],
        drop: `DROP FUNCTION ${signature}`,
    }
}

function storedFunction({ schema, name, create, ...text }: StoredFunction): TriggerFunction {
    const signature = `${quoted(schema)}.${quoted(name)}()`
    const isOurs = name.startsWith(FUNCTION_PREFIX)
    return {
        name: `${schema}.${name}`,
        create: isOurs ? [create, privileges(signature, text)] : [],
        drop: isOurs ? `DROP FUNCTION ${signature}` : undefined,
    }
}

/**
 * Whoever inserts asks a condition; a trigger runs its function without a question. Others could make
 * that one the trigger of a table of theirs, and move the counters by it.
 */
function privileges(signature: string, { isDefiner }: FunctionText): string {
    return isDefiner
        ? `REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC`
        : `GRANT EXECUTE ON FUNCTION ${signature} TO PUBLIC`
}

function triggerOf(
    { id, series, schema }: TriggeredColumn,
    kind: string,
    type: number,
    calls: readonly [OwnFunction, OwnFunction?],
): Trigger {
    const table = tableName(series.metadata, schema)
    const name = `${TRIGGER_PREFIX}${kind}_${id}`
    const [runs, condition] = calls
    return {
        name,
        calls: condition ? [runs, condition] : [runs],
        create:
            `CREATE TRIGGER ${quoted(name)} ${type & BEFORE ? "BEFORE" : "AFTER"} ` +
            `${type & INSERT ? "INSERT" : "UPDATE"} ON ${table} ` +
            `FOR EACH ${type & ROW ? "ROW" : "STATEMENT"} ` +
            (condition ? `WHEN (${condition.signature}) ` : "") +
            `EXECUTE FUNCTION ${runs.signature}`,
        drop: `DROP TRIGGER ${quoted(name)} ON ${table}`,
        definition: definition(
            { type, columns: "", hasCondition: condition !== undefined },
            condition ? [runs, condition] : [runs],
        ),
    }
}

function definition(
    { type, columns, hasCondition }: TriggerTime,
    calls: readonly FunctionText[],
): string {
    return JSON.stringify([
        [type, columns, hasCondition],
        ...calls.map(({ body, isDefiner, config }) => [body, isDefiner, config]),
    ])
}

function quoted(name: string): string {
    return `"${name.replaceAll('"', '""')}"`
}

/** A body may hold any text, names of tables among it. */
function dollarQuoted(body: string): string {
    let tag = "autosequence"
    while (body.includes(`$${tag}$`)) tag += "_"
    return `$${tag}$${body}$${tag}$`
}
