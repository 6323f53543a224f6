import { type FindOperator, type ObjectLiteral, Raw } from "typeorm"
import { keySql } from "../../series/scopes/scope-key"
import { keyTableOf } from "../../series/own-table"
import { type ColumnMetadata, columnName, columnType, ofRow, tableName } from "../../typeorm/names"
import type { StoredKey } from "../pseudo-key"
import { historyScopeOf, isOwner } from "../rows/taken-keys"
import { scopeOf, type ScopePart } from "./look-up-scope"

let parameters = 0

/**
 * The primary key of the row that has a key, or else of the one that had it: each is one step down
 * an index.
 * @internal
 */
export function hadBy(
    key: StoredKey,
    text: string,
    parts: readonly ScopePart[],
    column: ColumnMetadata,
): FindOperator<unknown> {
    const { dataSource, metadata } = key
    const table = keyTableOf(dataSource)
    // Of several conditions of a query each needs names of its own.
    const name = `autosequence${++parameters}`
    const values: ObjectLiteral = {
        [name]: text,
        [`${name}_key`]: text,
        [`${name}_series`]: key.name,
    }
    const conditions = parts.map((part, at) => within(key, part, `${name}_${at}`, values))
    const isIn = (row: string) => conditions.flatMap((of) => of(row))
    const scope = scopeOf(parts)
    if (scope) values[`${name}_scope`] = historyScopeOf(key, scope)
    const isOfScope = scope ? `= :${name}_scope` : inScopesOf(key, parts, name, values)
    // Several related rows may meet a condition, and each column has to be that of the same row.
    const first = (row: string) =>
        scope
            ? ""
            : ` ORDER BY ${metadata.primaryColumns.map((c) => `${row}.${columnName(c)}`).join(", ")} LIMIT 1`
    const current =
        `SELECT ${ofRow(column)} FROM ${tableName(metadata)} t ` +
        `WHERE ${[...isIn("t"), `${ofRow(key.column)} = :${name}`].join(" AND ")}${first("t")}`
    const former =
        `SELECT o.${columnName(column)} FROM ${table.name} h JOIN ${tableName(metadata)} o ` +
        `ON ${isOwner(key, `h.${table.owner}`)} ` +
        `WHERE h.${table.series} = :${name}_series ` +
        (isOfScope ? `AND h.${table.scope} ${isOfScope} ` : "") +
        (scope
            ? ""
            : isIn("o")
                  .map((condition) => `AND ${condition} `)
                  .join("")) +
        `AND h.${table.key} = :${name}_key AND h.${table.retiredAt} IS NOT NULL${first("o")}`
    return Raw((alias) => `${alias} = COALESCE((${current}), (${former}))`, values)
}

/** The conditions under which a row is in a part of the scope. */
function within(
    key: StoredKey,
    part: ScopePart,
    name: string,
    values: ObjectLiteral,
): (row: string) => string[] {
    if ("texts" in part) {
        for (const [at, text] of part.texts.entries())
            if (text !== null) values[`${name}_${at}`] = text
        return (row) =>
            part.columns.map((column, at) =>
                part.texts[at] === null
                    ? `${row}.${columnName(column)} IS NULL`
                    : `${row}.${columnName(column)} = :${name}_${at}`,
            )
    }
    const related = selectRelated(key, part, name, values)
    const [column, other] = part.columns
    if (column && !other) return (row) => [`${row}.${columnName(column)} IN (${related})`]
    return (row) => {
        const same = part.columns.map((c, at) => `r.c${at} = ${row}.${columnName(c)}`)
        return [`EXISTS (SELECT 1 FROM (${related}) r WHERE ${same.join(" AND ")})`]
    }
}

/** Selects as `c0`, `c1` … what a foreign key has that leads to the rows which meet the condition. */
function selectRelated(
    { dataSource }: StoredKey,
    { columns, related, condition }: Extract<ScopePart, { related: unknown }>,
    name: string,
    values: ObjectLiteral,
): string {
    const query = dataSource
        .createQueryBuilder(related.target, `${name}_r`)
        .withDeleted()
        .setFindOptions({ where: condition, loadEagerRelations: false })
        .select([])
    for (const [at, { referencedColumn }] of columns.entries())
        query.addSelect(`${name}_r.${referencedColumn?.propertyPath ?? ""}`, `c${at}`)
    // TypeORM gives the parameters of each query the same names.
    const renamed = (parameter: string) => parameter.replace(/^orm_param/, `${name}_p`)
    for (const [parameter, value] of Object.entries<unknown>(query.getParameters()))
        values[renamed(parameter)] = value
    return query
        .getQuery()
        .replace(
            /(:(?:\.\.\.)?)(orm_param\w+)/g,
            (_, colon: string, p: string) => colon + renamed(p),
        )
}

/**
 * The scopes of the history that belong to related rows; undefined where SQL writes values otherwise than the history,
 * which is then looked through along the rows of the scope.
 */
function inScopesOf(
    key: StoredKey,
    parts: readonly ScopePart[],
    name: string,
    values: ObjectLiteral,
): string | undefined {
    if (!key.scopeColumns.every((column) => /int|uuid|bool/i.test(columnType(column))))
        return undefined
    const names = new Map<ColumnMetadata, string>()
    const from = parts.flatMap((part, at) => {
        for (const [i, column] of part.columns.entries()) {
            if (!("texts" in part)) names.set(column, `r${at}.c${i}`)
            else names.set(column, part.texts[i] === null ? "NULL" : `:${name}_${at}_${i}`)
        }
        return "texts" in part
            ? []
            : `(${selectRelated(key, part, `${name}_${at}`, values)}) r${at}`
    })
    const scope = keySql(key.scopeColumns, key.dialect, (column) => names.get(column) ?? "NULL")
    return `IN (SELECT ${scope} FROM ${from.join(", ")})`
}
