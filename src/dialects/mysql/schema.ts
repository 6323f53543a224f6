import { dataSourceOf } from "../../typeorm/compat"
import { select } from "../../typeorm/statement"
import { literal } from "./literal"
import {
    counterColumns,
    equalKeys,
    joinCounter,
    type SchemaStatements,
} from "../statements/schema-statements"

const INSTALL_LOCK = "CONCAT('typeorm-autosequence.', MD5(DATABASE()))"
const MIGRATION_LOCK = "CONCAT('typeorm-autosequence:', MD5(DATABASE()))"
const SECONDS = 60

/** @internal */
export const mysqlSchema: SchemaStatements = {
    exactly: (text) => `${text} COLLATE utf8mb4_bin`,
    joinCounter,

    numberRows: ({ table, assigned, keys, rows, where }) =>
        `UPDATE ${table} t JOIN (${rows}) w ON ${equalKeys(keys)} ` +
        `SET ${assigned.map(([column, value]) => `t.${column} = ${value}`).join(", ")} WHERE ${where}`,

    seed(table, counters) {
        const { last, movedAt } = table
        const isLower = `(${last} IS NULL OR ${last} < VALUES(${last})) AND ${table.movedBy} >= 0`
        return (
            `INSERT INTO ${table.name} (${counterColumns(table)}) ${counters} ` +
            // The assignments are made one after the other, so the one that is compared is last.
            `ON DUPLICATE KEY UPDATE ${movedAt} = IF(${isLower}, VALUES(${movedAt}), ${movedAt}), ` +
            `${last} = IF(${isLower}, VALUES(${last}), ${last})`
        )
    },

    isUuid: (sql) =>
        `CONVERT(${sql} USING utf8mb4) COLLATE utf8mb4_bin REGEXP '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'`,
    isWhole: (sql) => `CAST(${sql} AS CHAR) REGEXP '^-?(0|[1-9][0-9]*)([.]0+)?$'`,
    makesValues: ({ isGenerated, generationStrategy }) =>
        isGenerated && generationStrategy === "increment",
    retype: ({ table, column, type, to }) => {
        const parts = [
            type,
            to.unsigned && "UNSIGNED",
            to.charset && `CHARACTER SET ${to.charset}`,
            to.collation && `COLLATE ${to.collation}`,
            to.isNullable ? "NULL" : "NOT NULL",
            to.isGenerated && "AUTO_INCREMENT",
            to.default !== undefined && to.default !== null && `DEFAULT ${String(to.default)}`,
            to.comment && `COMMENT ${literal(to.comment)}`,
        ]
        return [`ALTER TABLE ${table} MODIFY ${column} ${parts.filter(Boolean).join(" ")}`]
    },

    checks: {
        select: (database, table, prefix) => ({
            sql:
                // A join would have MariaDB open all tables of the server, where no constraint is found as well.
                "SELECT t.CONSTRAINT_NAME AS `name`, (SELECT c.CHECK_CLAUSE " +
                "FROM information_schema.CHECK_CONSTRAINTS c WHERE c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA " +
                "AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME) AS `expression` " +
                "FROM information_schema.TABLE_CONSTRAINTS t " +
                "WHERE t.CONSTRAINT_TYPE = 'CHECK' AND t.TABLE_SCHEMA = COALESCE(?, DATABASE()) " +
                "AND t.TABLE_NAME = ? AND LEFT(t.CONSTRAINT_NAME, CHAR_LENGTH(?)) = ?",
            parameters: [database ?? null, table, prefix, prefix],
        }),
        add: (table, name, expression) =>
            // MySQL shows quotes with a backslash before each.
            `ALTER TABLE ${table} ADD CONSTRAINT \`${name}\` CHECK (${expression.replaceAll("\\'", "'")})`,
        remove: (table, name) => `ALTER TABLE ${table} DROP CONSTRAINT \`${name}\``,
    },

    foreignKeysNeedIndex: true,

    // Statements that change the schema commit, so a transaction holds nothing.
    installLock: {
        isTransactional: false,
        take: [{ sql: `SELECT GET_LOCK(${INSTALL_LOCK}, ${SECONDS}) AS taken` }],
        release: { sql: `DO RELEASE_LOCK(${INSTALL_LOCK})` },
    },
    migrationLock: {
        isTransactional: false,
        take: [{ sql: `SELECT GET_LOCK(${MIGRATION_LOCK}, 0) AS taken` }],
        release: { sql: `DO RELEASE_LOCK(${MIGRATION_LOCK})` },
    },

    async findMistake(runner) {
        if (dataSourceOf(runner).options.type !== "mysql") return undefined
        const sql = "SELECT VERSION() AS version"
        const [found] = await select<{ version: string }>(runner, { sql })
        if (!/mariadb/i.test(found?.version ?? "")) return undefined
        return (
            'The data source has the type "mysql", but its server is MariaDB. TypeORM would then change nullable ' +
            'columns in every migration. Give it the type "mariadb", which has the same options.'
        )
    },

    collations: {
        select: (database, table) => ({
            sql:
                "SELECT COLUMN_NAME AS `column`, CHARACTER_SET_NAME AS `charset`, " +
                "COLLATION_NAME AS `collation` FROM information_schema.COLUMNS WHERE " +
                "TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ? " +
                "AND COLLATION_NAME IS NOT NULL",
            parameters: [database ?? null, table],
        }),
        compare({ charset, collation }) {
            const text = (value: string) =>
                `CONVERT('${value}' USING ${charset}) COLLATE ${collation}`
            return { sql: `SELECT ${text("a")} = ${text("A")} AS ignoresCase` }
        },
    },
}
