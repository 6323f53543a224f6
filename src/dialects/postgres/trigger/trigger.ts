import { tableName } from "../../../typeorm/names"
import { raisedKind } from "../../statements/raised"
import {
    CURRENT_SCHEMA,
    CURRENT_SCHEMA_HASH,
    shortHash,
    type StoredFunctionRow,
    type StoredTrigger,
    type StoredTriggerRow,
    type Trigger,
    type TriggeredColumn,
    type TriggerFunction,
    TRIGGER_PREFIX,
    type TriggerStatements,
} from "../../statements/trigger-statements"
import { ALLOWS_CHANGES, isLate, type TriggerBodies, triggerBodies } from "./bodies"
import { isCitext } from "./rows"

const FUNCTION_PREFIX = "autosequence_"
const SEARCH_PATH = "search_path=pg_catalog, pg_temp"
const FUNCTION =
    `json_build_object('schema', n.nspname, 'name', p.proname, 'returns', p.prorettype::regtype, ` +
    `'body', p.prosrc, 'isDefiner', p.prosecdef, 'config', array_to_string(p.proconfig, ';'))`
// The bits of pg_trigger.tgtype.
const [ROW, BEFORE, INSERT, DELETE, UPDATE] = [1, 2, 4, 8, 16]
const EVENTS = { INSERT, DELETE, UPDATE }

/** @internal */
export const postgresTrigger: TriggerStatements = {
    namesSchemas: true,
    seesGenerated: false,
    seesForeignKeys: true,
    leavesOutAsNull: false,
    runsAtCommit: true,
    givesBackSkipped: true,
    allowsChanges: ALLOWS_CHANGES,

    allowChanges: (isAllowed) => ({
        sql: "SELECT set_config('autosequence.allow_changes', $1, true)",
        parameters: [isAllowed ? "on" : ""],
    }),

    triggersOf(column, anywhere) {
        const here = triggerBodies(column)
        const there = triggerBodies(anywhere)
        const functionOf = (name: keyof TriggerBodies) =>
            ownFunction(column, name, here[name], there[name])
        const settled = functionOf("settle")
        const numbering = INSERT + (isLate(column) ? UPDATE : 0)
        const keeping = UPDATE + (column.isDeletable ? 0 : DELETE)
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

    stored: (schemas) => ({
        sql:
            `SELECT t.tgname AS "name", t.tgenabled AS "enabled", t.tgtype AS "type", ` +
            `c.relname AS "table", s.nspname AS "schema", pg_get_triggerdef(t.oid) AS "create", ` +
            `pg_get_triggerdef(t.oid, true) AS "createAnywhere", ` +
            `t.tgattr::text AS "columns", t.tgqual IS NOT NULL AS "hasCondition", ` +
            `t.tginitdeferred AS "isDeferred", ` +
            `(SELECT json_agg(${FUNCTION} ORDER BY p.oid <> t.tgfoid) ` +
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

    storedTrigger(row, namesSchema): StoredTrigger {
        const { name, table, schema, enabled, create, createAnywhere, calls, ...when } =
            row as StoredRow
        return {
            name,
            table,
            schema,
            isEnabled: enabled === "O" || enabled === "A",
            create: namesSchema ? create : createAnywhere,
            drop: `DROP TRIGGER ${quoted(name)} ON ${qualified(namesSchema ? schema : undefined, table)}`,
            calls: calls.map((call) => storedFunction(call, namesSchema)),
            definition: definition(when, calls),
        }
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
                `^${FUNCTION_PREFIX}(number|inserted|settle|keep|commit)_.*_[0-9a-f]{8}$`,
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

interface StoredFunction extends StoredFunctionRow, FunctionText {
    readonly returns: string
}

/** For which statements a trigger runs. */
interface TriggerTime {
    readonly type: number
    /** The columns that an UPDATE has to set. */
    readonly columns: string
    readonly hasCondition: boolean
    /** Whether it waits for COMMIT. */
    readonly isDeferred: boolean
}

interface StoredRow extends StoredTriggerRow, TriggerTime {
    readonly schema: string
    readonly enabled: string
    readonly create: string
    /** As it is written where the search path finds the table. */
    readonly createAnywhere: string
    readonly calls: readonly StoredFunction[]
}

/** What there is to a function beside its name. */
interface FunctionText {
    readonly body: string
    readonly isDefiner: boolean
    readonly config: string | null
}

type OwnFunction = TriggerFunction & FunctionText & { readonly signature: string }

function ownFunction(
    { id, series, schema = "" }: TriggeredColumn,
    kind: string,
    body: string,
    bodyAnywhere: string,
): OwnFunction {
    const name = `${FUNCTION_PREFIX}${kind}_${id}`
    const place = series.metadata.schema
    const text =
        kind === "inserted"
            ? { returns: "boolean", isDefiner: false, config: null }
            : { returns: "trigger", isDefiner: true, config: SEARCH_PATH }
    const signature = `${qualified(place, name)}()`
    return {
        ...text,
        body,
        name: `${place ?? schema}.${name}`,
        signature,
        create: createFunction(signature, { ...text, body: bodyAnywhere }),
        drop: `DROP FUNCTION ${signature}`,
    }
}

function storedFunction(
    { schema, name, ...text }: StoredFunction,
    namesSchema: boolean,
): TriggerFunction {
    const isOurs = name.startsWith(FUNCTION_PREFIX)
    const signature = `${qualified(namesSchema ? schema : undefined, name)}()`
    const body = namesSchema ? text.body : anywhere(text.body, schema)
    return {
        name: `${schema}.${name}`,
        create: isOurs ? createFunction(signature, { ...text, body }) : [],
        drop: isOurs ? `DROP FUNCTION ${signature}` : undefined,
    }
}

/** Version 0.1.0 has the schema in a text as well, whose length counts, and which is a mere label there. */
function anywhere(body: string, schema: string): string {
    return body
        .replaceAll(shortHash(schema), CURRENT_SCHEMA_HASH)
        .replaceAll(`:${quoted(schema)}.`, CURRENT_SCHEMA_HASH + CURRENT_SCHEMA)
        .replaceAll(`${quoted(schema)}.`, `"${CURRENT_SCHEMA}".`)
        .replaceAll(CURRENT_SCHEMA_HASH + CURRENT_SCHEMA, `:${quoted(schema)}.`)
}

/** Functions name all tables with their schemas, so one that is to be current is put in when they are made. */
function createFunction(
    signature: string,
    { returns, body, isDefiner, config }: FunctionText & { readonly returns: string },
): string[] {
    const settings = (config?.split(";") ?? [])
        .map((one) => ` SET ${one.replace("=", " = ")}`)
        .join("")
    const create =
        `CREATE OR REPLACE FUNCTION ${signature} RETURNS ${returns} LANGUAGE plpgsql` +
        `${isDefiner ? " SECURITY DEFINER" : ""}${settings} AS ${dollarQuoted(body)}`
    const isAnywhere = body.includes(CURRENT_SCHEMA) || body.includes(CURRENT_SCHEMA_HASH)
    const execute =
        `BEGIN EXECUTE replace(replace(${dollarQuoted(create)}, '${CURRENT_SCHEMA}', ` +
        `replace(current_schema(), '"', '""')), '${CURRENT_SCHEMA_HASH}', ` +
        "left(encode(sha256(convert_to(current_schema(), 'UTF8')), 'hex'), 8)); END"
    return [
        isAnywhere ? `DO ${dollarQuoted(execute)}` : create,
        privileges(signature, { isDefiner }),
    ]
}

/**
 * Whoever inserts asks a condition; a trigger runs its function without a question. Others could make
 * that one the trigger of a table of theirs, and move the counters by it.
 */
function privileges(signature: string, { isDefiner }: Pick<FunctionText, "isDefiner">): string {
    return isDefiner
        ? `REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC`
        : `GRANT EXECUTE ON FUNCTION ${signature} TO PUBLIC`
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

function definition(
    { type, columns, hasCondition, isDeferred }: TriggerTime,
    calls: readonly FunctionText[],
): string {
    return JSON.stringify([
        [type, columns, hasCondition, isDeferred],
        ...calls.map(({ body, isDefiner, config }) => [body, isDefiner, config]),
    ])
}

function qualified(schema: string | undefined, name: string): string {
    return schema === undefined ? quoted(name) : `${quoted(schema)}.${quoted(name)}`
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
