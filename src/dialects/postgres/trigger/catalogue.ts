import { tableName } from "../../../typeorm/names"
import { APPEND_ONLY } from "../../statements/journal/append-only"
import type { TriggerCatalogue } from "../../statements/trigger-catalogue"
import {
    shortId,
    type StoredTrigger,
    type Trigger,
    TRIGGER_PREFIX,
} from "../../statements/trigger-statements"
import { literal } from "../literal"
import {
    definition,
    FUNCTION,
    functionIn,
    qualified,
    quoted,
    type StoredRow,
    storedFunction,
} from "./functions"

// BEFORE, DELETE, UPDATE, TRUNCATE, of pg_trigger.tgtype.
const CHANGES = 2 + 8 + 16 + 32

/** @internal */
export const postgresTriggers: TriggerCatalogue = {
    namesSchemas: true,

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

    appendOnly(metadata, schema = ""): readonly Trigger[] {
        const table = tableName(metadata)
        const id = shortId(metadata.tableName)
        const name = `${TRIGGER_PREFIX}append_${id}`
        const body = `
BEGIN
    RAISE EXCEPTION USING ERRCODE = '${APPEND_ONLY.state}', MESSAGE = ${literal(APPEND_ONLY.text)};
END
`
        const call = functionIn(
            { place: metadata.schema, schema, name: `autosequence_append_${id}` },
            "append",
            { body },
        )
        return [
            {
                name,
                calls: [call],
                create:
                    `CREATE TRIGGER ${quoted(name)} BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table} ` +
                    `FOR EACH STATEMENT EXECUTE FUNCTION ${call.signature}`,
                drop: `DROP TRIGGER ${quoted(name)} ON ${table}`,
                definition: definition(
                    { type: CHANGES, columns: "", hasCondition: false, isDeferred: false },
                    [call],
                ),
            },
        ]
    },

    isAppendOnly: ({ code }) => code === APPEND_ONLY.state,
}
