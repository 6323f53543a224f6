import type { IdSequence, IdStatements } from "../../statements/upkeep/id-statements"
import { inOwnTransaction } from "../../../typeorm/own-transaction"
import { select } from "../../../typeorm/statement"

interface SequenceRow {
    readonly name: string
    readonly oid: string
    readonly table: string
    readonly column: string
    readonly start: string
    readonly step: string
    readonly end: string
}

/** Sequences by which a DEFAULT is made, and those of identity columns and serials. */
const USED =
    "SELECT d.refobjid AS seq, a.adrelid AS rel, a.adnum AS num FROM pg_depend d " +
    "JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid " +
    "JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S' WHERE d.refclassid = 'pg_class'::regclass " +
    "UNION SELECT d.objid, d.refobjid, d.refobjsubid::int2 FROM pg_depend d " +
    "JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' WHERE d.classid = 'pg_class'::regclass " +
    "AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0"

/** @internal */
export const postgresIds: IdStatements = {
    async sequencesOf(runner, { name: table }, column) {
        const rows = await select<SequenceRow>(runner, {
            sql:
                `WITH used AS (${USED}) SELECT format('%I.%I', n.nspname, s.relname) AS "name", ` +
                `u.seq::text AS "oid", format('%I.%I', m.nspname, t.relname) AS "table", ` +
                `quote_ident(c.attname) AS "column", q.seqstart::text AS "start", ` +
                `q.seqincrement::text AS "step", (CASE WHEN q.seqincrement > 0 THEN q.seqmax ELSE q.seqmin END)::text AS "end" ` +
                `FROM used u JOIN pg_class s ON s.oid = u.seq JOIN pg_namespace n ON n.oid = s.relnamespace ` +
                `JOIN pg_sequence q ON q.seqrelid = s.oid JOIN pg_class t ON t.oid = u.rel ` +
                `JOIN pg_namespace m ON m.oid = t.relnamespace ` +
                `JOIN pg_attribute c ON c.attrelid = u.rel AND c.attnum = u.num ` +
                `WHERE u.seq IN (SELECT o.seq FROM used o JOIN pg_attribute b ON b.attrelid = o.rel AND b.attnum = o.num ` +
                `WHERE o.rel = to_regclass($1) AND b.attname = $2) ORDER BY 1, 3, 4`,
            parameters: [table, column],
        })
        const sequences: IdSequence[] = []
        for (const oid of new Set(rows.map((row) => row.oid))) {
            const own = rows.filter((row) => row.oid === oid)
            const [first] = own
            if (!first) continue
            const [state] = await select<{ last: string; called: boolean }>(runner, {
                sql: `SELECT last_value::text AS "last", is_called AS "called" FROM ${first.name}`,
            })
            const step = BigInt(first.step)
            const last = BigInt(state?.last ?? first.start)
            sequences.push({
                name: first.name,
                columns: own,
                start: BigInt(first.start),
                step,
                end: BigInt(first.end),
                next: state?.called === false ? last : last + step,
            })
        }
        return sequences
    },

    locked: (runner, tables, work) =>
        inOwnTransaction(runner, async () => {
            // Whoever inserts has taken its own lock of the table before it asks a sequence.
            await runner.query(`SET LOCAL lock_timeout = '10s'`)
            await runner.query(`LOCK TABLE ${tables.join(", ")} IN SHARE ROW EXCLUSIVE MODE`)
            return work()
        }),

    setNext: ({ name }, next) => ({
        sql: "SELECT setval($1::regclass, $2::bigint, false)",
        parameters: [name, String(next)],
    }),

    foreignKeys: (runner, { name }, column) =>
        select(runner, {
            sql:
                `SELECT k.conrelid::regclass::text AS "table", quote_ident(a.attname) AS "column" FROM pg_constraint k ` +
                `JOIN LATERAL unnest(k.conkey, k.confkey) AS p(own, other) ON true ` +
                `JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.own ` +
                `JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = p.other ` +
                `WHERE k.contype = 'f' AND k.confrelid = to_regclass($1) AND b.attname = $2`,
            parameters: [name, column],
        }),
}
