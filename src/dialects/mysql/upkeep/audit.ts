import type { AuditStatements, MissingRight } from "../../statements/upkeep/audit-statements"
import type { DriverError } from "../../driver-error"
import { cast, isBinary } from "../types"

const TABLE_ACCESS_DENIED = 1142
const COLUMN_ACCESS_DENIED = 1143
const DATABASE_ACCESS_DENIED = 1044
const SPECIFIC_ACCESS_DENIED = 1227

/** @internal */
export const mysqlAudit: AuditStatements = {
    snapshot: {
        begin: [
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
        ],
        end: "ROLLBACK",
    },

    look: {
        sql:
            "SELECT DATE_FORMAT(UTC_TIMESTAMP(3), '%Y-%m-%dT%H:%i:%s.%fZ') AS `at`, " +
            "VERSION() AS `version`, DATABASE() AS `name`",
    },

    async each(runner, { sql, parameters }, take) {
        const rows = await runner.stream(sql, parameters)
        for await (const row of rows) take(row as never)
    },

    columns: ({ place, table }) => ({
        sql:
            "SELECT COLUMN_NAME AS `name`, COLUMN_TYPE AS `type`, IS_NULLABLE = 'YES' AS `isNullable` " +
            "FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) " +
            "AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION",
        parameters: [place ?? null, table],
    }),

    uniqueIndexes: ({ place, table }) => ({
        sql:
            "SELECT INDEX_NAME AS `index`, COLUMN_NAME AS `column`, 0 AS `joinsNulls` " +
            "FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 " +
            "AND TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ? ORDER BY INDEX_NAME, SEQ_IN_INDEX",
        parameters: [place ?? null, table],
    }),

    shown: (column, sql) => (isBinary(column) ? `HEX(${sql})` : `CAST(${sql} AS CHAR)`),
    parameter: (column) => cast(column),
    number: (sql) => `CAST(${sql} AS DECIMAL(65, 0))`,
    integer: (sql) => `CAST(CAST(${sql} AS DECIMAL(65, 0)) AS CHAR)`,
    moment: (sql) =>
        `DATE_FORMAT(CONVERT_TZ(${sql}, @@session.time_zone, '+00:00'), '%Y-%m-%dT%H:%i:%s.000Z')`,
    missingRight,
    listsReadable: true,
}

function missingRight({ errno, message }: DriverError): MissingRight | undefined {
    const text = String(message)
    switch (errno) {
        case TABLE_ACCESS_DENIED:
        case COLUMN_ACCESS_DENIED: {
            const [, right, on] =
                /^([A-Z ,]+) command denied .* for (?:table|column) (\S+)/.exec(text) ?? []
            return { right, on: on?.replaceAll(/[`']/g, "") }
        }
        case DATABASE_ACCESS_DENIED: {
            const [, on] = /to database '(.+)'$/.exec(text) ?? []
            return { on: on === undefined ? undefined : `database ${on}` }
        }
        case SPECIFIC_ACCESS_DENIED: {
            const [, right] = /\(at least one of\) the (.+?) privilege/.exec(text) ?? []
            return { right }
        }
        default:
            return undefined
    }
}
