import type { DataSource } from "typeorm"
import { storedCounters } from "../../support/stored"

type Row = Record<string, unknown>

/** All that a schema holds, as the database itself writes it. */
export interface Catalogue {
    readonly triggers: readonly Row[]
    readonly functions: readonly Row[]
    readonly columns: readonly Row[]
    readonly indexes: readonly Row[]
    readonly constraints: readonly Row[]
    readonly counters: readonly unknown[]
}

type Queries = Record<Exclude<keyof Catalogue, "counters">, string>

/** TypeORM keeps its list of migrations there, which is its own business. */
const POSTGRES: Queries = {
    triggers:
        `SELECT c.relname AS "table", t.tgname AS name, t.tgenabled AS enabled, ` +
        `pg_get_triggerdef(t.oid) AS text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid ` +
        `WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND NOT t.tgisinternal ORDER BY 1, 2`,
    functions:
        `SELECT p.proname AS name, pg_get_functiondef(p.oid) AS text, COALESCE(p.proacl, acldefault('f', p.proowner))::text AS rights ` +
        `FROM pg_proc p WHERE p.pronamespace = to_regnamespace(quote_ident($1)) ORDER BY 1`,
    columns:
        `SELECT c.relname AS "table", a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, ` +
        `a.attnotnull AS "notNull", pg_get_expr(d.adbin, d.adrelid) AS "default", c.reloptions AS options ` +
        `FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid ` +
        `LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum ` +
        `WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relkind = 'r' ` +
        `AND a.attnum > 0 AND NOT a.attisdropped AND c.relname <> 'migrations' ORDER BY 1, 2`,
    indexes:
        `SELECT tablename AS "table", indexname AS name, indexdef AS text FROM pg_indexes ` +
        `WHERE schemaname = $1 AND tablename <> 'migrations' ORDER BY 1, 2`,
    constraints:
        `SELECT conrelid::regclass::text AS "table", conname AS name, pg_get_constraintdef(oid) AS text ` +
        `FROM pg_constraint WHERE connamespace = to_regnamespace(quote_ident($1)) ` +
        `AND conrelid::regclass::text NOT LIKE '%migrations%' ORDER BY 1, 2`,
}

const MYSQL: Queries = {
    triggers:
        "SELECT EVENT_OBJECT_TABLE AS `table`, TRIGGER_NAME AS name, ACTION_TIMING AS timing, " +
        "EVENT_MANIPULATION AS event, ACTION_STATEMENT AS text, DEFINER AS owner, SQL_MODE AS mode, " +
        "ACTION_ORDER AS place FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY 1, 2",
    functions:
        "SELECT ROUTINE_NAME AS name, ROUTINE_DEFINITION AS text FROM information_schema.ROUTINES " +
        "WHERE ROUTINE_SCHEMA = DATABASE() ORDER BY 1",
    columns:
        "SELECT TABLE_NAME AS `table`, COLUMN_NAME AS name, COLUMN_TYPE AS type, IS_NULLABLE AS nullable, " +
        "COLUMN_DEFAULT AS `default`, COLLATION_NAME AS `collation`, EXTRA AS extra FROM information_schema.COLUMNS " +
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME <> 'migrations' ORDER BY 1, 2",
    indexes:
        "SELECT TABLE_NAME AS `table`, INDEX_NAME AS name, NON_UNIQUE AS many, " +
        "GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX) AS columns FROM information_schema.STATISTICS " +
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME <> 'migrations' GROUP BY 1, 2, 3 ORDER BY 1, 2",
    constraints:
        "SELECT TABLE_NAME AS `table`, CONSTRAINT_NAME AS name, CONSTRAINT_TYPE AS type " +
        "FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = DATABASE() " +
        "AND TABLE_NAME <> 'migrations' ORDER BY 1, 2",
}

/** The schema of a data source: where the way back has been, nothing is different. */
export async function catalogueOf(dataSource: DataSource): Promise<Catalogue> {
    const { type, schema } = dataSource.options as { type: string; schema?: string }
    const queries = type === "postgres" ? POSTGRES : MYSQL
    const read = (kind: keyof Queries) =>
        dataSource.query<Row[]>(queries[kind], type === "postgres" ? [schema] : [])
    const columns = await read("columns")
    const counter = dataSource.getMetadata("AutoSequenceCounter").tableName
    const hasCounters = columns.some(({ table }) => table === counter)
    return {
        triggers: await read("triggers"),
        functions: await read("functions"),
        columns,
        indexes: await read("indexes"),
        constraints: await read("constraints"),
        counters: hasCounters ? await storedCounters(dataSource) : [],
    }
}
