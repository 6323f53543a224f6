import { createHash } from "node:crypto"
import { KEY_LENGTH } from "../../declared/own-tables"
import { type ColumnMetadata, columnType, ofRow } from "../../typeorm/names"
import { decimalText, hexText, integerText, paddedText, textOf } from "../identity"
import type { Identity, KeyStatements, Locks } from "../statements/key-statements"
import { integerOf } from "./types"

const DUPLICATE_ENTRY = 1062

/** @internal */
export const mysqlKeys: KeyStatements = {
    isDuplicate: ({ errno }) => errno === DUPLICATE_ENTRY,
    identity,
    member: (json, at) => `JSON_UNQUOTE(JSON_EXTRACT(${json}, '$[${at}]'))`,
    texts(parameter, columns) {
        const read = Array.from(
            { length: columns },
            (_, at) =>
                `c${at} VARCHAR(${KEY_LENGTH}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[${at}]'`,
        )
        return `JSON_TABLE(${parameter}, '$[*]' COLUMNS(${read.join(", ")})) r`
    },
    onClaimed: ({ name, owner, retiredAt }) =>
        `ON DUPLICATE KEY UPDATE ${retiredAt} = IF(BINARY ${name}.${owner} = BINARY VALUES(${owner}), ` +
        `VALUES(${retiredAt}), ${name}.${retiredAt})`,
    // The column of owners has a collation that takes some of them for equal.
    differ: (a, b) => `BINARY ${a} <> BINARY ${b}`,
    latest: " LOCK IN SHARE MODE",
    joinByKey: (table, alias, condition) =>
        `STRAIGHT_JOIN ${table} ${alias} FORCE INDEX (PRIMARY) ON ${condition}`,
    outlivesDuplicates: true,

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
                // A column that is called after a lock would have the driver compile, and keep, a parser for each.
                sql: `DO ${["1", ...names.map(() => "RELEASE_LOCK(?)")].join(", ")}`,
                parameters: names,
            }
        },
    },

    write({ table, columns, primaryColumns, rows, onlyMissing }) {
        const identities = primaryColumns.map((c) => identity(c) ?? AS_GIVEN)
        const names = [
            ...primaryColumns.map((_, at) => `p${at}`),
            ...columns.map((_, at) => `w${at}`),
        ]
        const selects = rows.map(() => `SELECT ${names.map((name) => `? AS ${name}`).join(", ")}`)
        const on = primaryColumns.map((c, at) => identities[at]?.is(ofRow(c), `w.p${at}`) ?? "")
        const stamps = primaryColumns[0]?.entityMetadata.columns.filter((c) => c.onUpdate) ?? []
        const sets = [
            ...columns.map((c, at) => `${ofRow(c)} = w.w${at}`),
            ...stamps.map((c) => `${ofRow(c)} = ${ofRow(c)}`),
        ]
        const missing = columns.slice(0, 1).map((c) => ` WHERE ${ofRow(c)} IS NULL`)
        return {
            // A small table would be scanned first, and all of its rows be locked.
            sql:
                `UPDATE (${selects.join(" UNION ALL ")}) w STRAIGHT_JOIN ${table} t FORCE INDEX (PRIMARY) ` +
                `ON ${on.join(" AND ")} ` +
                `SET ${sets.join(", ")}${onlyMissing ? missing.join("") : ""}`,
            parameters: rows.flatMap((row) =>
                row.map((value, at) => identities[at]?.text(value) ?? value),
            ),
        }
    },

    // UUID() tells the time and the machine, and RANDOM_BYTES() is not in every version.
    random: () => undefined,
}

const AS_GIVEN = {
    text: (value: unknown) => value,
    is: (name: string, text: string) => `${name} = ${text}`,
}

function identity(column: ColumnMetadata): Identity | undefined {
    const type = columnType(column)
    if (/int$|^year$/.test(type))
        return { text: integerText, is: (name, kept) => `${name} = ${integerOf(kept, column)}` }
    switch (type) {
        case "decimal": {
            const as = `DECIMAL(${column.precision ?? 10}, ${column.scale ?? 0})`
            return { text: decimalText, is: (name, kept) => `${name} = CAST(${kept} AS ${as})` }
        }
        case "uuid":
        case "date":
            return { text: (value) => textOf(value).toLowerCase(), is: AS_GIVEN.is }
        case "binary":
        case "varbinary":
        case "blob": {
            const size = type === "binary" ? 2 * Number(column.length || 1) : 0
            return {
                text: (value) => hexText(value).padEnd(size, "0"),
                is: (name, kept) => `${name} = UNHEX(${kept})`,
            }
        }
        case "char":
        case "varchar":
        case "text":
        case "enum":
            return {
                text: type === "char" ? paddedText : textOf,
                // By the index, which has the collation of the column, and exactly.
                is: (name, kept) => `${name} = ${kept} AND BINARY ${name} = BINARY ${kept}`,
            }
    }
    return undefined
}

/** Locks have names of at most 64 characters, which all databases of a server share. */
function namesOf({ dataSource, place, keys }: Omit<Locks, "isOfTransaction">): string[] {
    const database = dataSource.driver.database ?? ""
    return keys.map((key) => {
        const hash = createHash("sha256").update(`${database}\0${place}\0${key}`)
        return `autosequence:${hash.digest("base64url")}`
    })
}
