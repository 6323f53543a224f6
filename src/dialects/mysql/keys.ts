import { createHash } from "node:crypto"
import { columnName } from "../../typeorm/names"
import type { KeyStatements, Locks } from "../key-statements"
import { integerOf } from "./types"

const DUPLICATE_ENTRY = 1062

/** @internal */
export const mysqlKeys: KeyStatements = {
    isDuplicate: ({ errno }) => errno === DUPLICATE_ENTRY,
    member(json, at, column) {
        const text = `JSON_UNQUOTE(JSON_EXTRACT(${json}, '$[${at}]'))`
        // As a text it would be compared with the integers of the column as a floating point number.
        return integerOf(text, column)
    },
    ignoreDuplicates: (column) => `ON DUPLICATE KEY UPDATE ${column} = ${column}`,

    locks: {
        endWithTransaction: false,
        tryAll: (locks) => {
            const names = namesOf(locks)
            const tries = names.map(
                (_, at) => `SELECT CASE WHEN GET_LOCK(?, 0) = 1 THEN ${at} END AS at`,
            )
            return { sql: tries.join(" UNION ALL "), parameters: names }
        },
        tryFirst: (locks) => {
            const names = namesOf(locks)
            const tries = names.map((_, at) => `WHEN GET_LOCK(?, 0) = 1 THEN ${at}`)
            return { sql: `SELECT CASE ${tries.join(" ")} END AS at`, parameters: names }
        },
        unlock: (locks) => {
            const names = namesOf(locks)
            return {
                sql: `SELECT ${["1", ...names.map(() => "RELEASE_LOCK(?)")].join(", ")}`,
                parameters: names,
            }
        },
    },

    write({ table, column, primaryColumns, rows, onlyMissing }) {
        const parameters: unknown[] = []
        const selects = rows.map((row) => {
            const values = primaryColumns.map((c, at) => {
                parameters.push(row[at])
                return `${integerOf("?", c)} AS p${at}`
            })
            parameters.push(row[primaryColumns.length])
            return `SELECT ${values.join(", ")}, ? AS w`
        })
        const on = primaryColumns.map((c, at) => `t.${columnName(c)} = w.p${at}`)
        return {
            sql:
                `UPDATE ${table} t JOIN (${selects.join(" UNION ALL ")}) w ON ${on.join(" AND ")} ` +
                `SET t.${column} = w.w${onlyMissing ? ` WHERE t.${column} IS NULL` : ""}`,
            parameters,
        }
    },

    // UUID() tells the time and the machine, and RANDOM_BYTES() is not in every version.
    random: () => undefined,
}

/** Locks have names of at most 64 characters, which all databases of a server share. */
function namesOf({ dataSource, place, keys }: Omit<Locks, "isOfTransaction">): string[] {
    const database = dataSource.driver.database ?? ""
    return keys.map((key) => {
        const hash = createHash("sha256").update(`${database}\0${place}\0${key}`)
        return `autosequence:${hash.digest("base64url")}`
    })
}
