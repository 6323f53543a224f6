import type { EntityMetadata, ObjectLiteral, QueryRunner } from "typeorm"
import { KEY_LENGTH } from "../../declared/own-tables"
import type { Scope } from "../../dialects/columns"
import type { KeyTable } from "../../dialects/key-statements"
import { KeyTakenError, UnsupportedError } from "../../errors"
import { groupBy } from "../../group-by"
import { select } from "../../typeorm/statement"
import { SET_ANOTHER } from "../key-errors"
import type { StoredKey } from "../pseudo-key"
import { Parameters } from "../rows/parameters"
import { primaryKeyText } from "../rows/primary-key"
import { historyScopeOf, selectOwner } from "../rows/taken-keys"
import { keyTableOf } from "../../series/own-table"

const BATCH = 200

/** What each statement on the history of a key begins with. */
function statementOn({ dataSource }: StoredKey): { table: KeyTable; parameters: Parameters } {
    return { table: keyTableOf(dataSource), parameters: new Parameters(dataSource) }
}

/** @internal A key that a row has, or had. */
export interface Claim {
    readonly key: StoredKey
    readonly scope: Scope
    readonly text: string
    readonly owner: string
    /** Whether the row no longer has it. */
    readonly isRetired: boolean
}

/** @internal The primary key of a row as the history keeps it. */
export function ownerOf(metadata: EntityMetadata, row: ObjectLiteral): string {
    const owner = primaryKeyText(metadata, row)
    if (owner.length > KEY_LENGTH)
        throw new UnsupportedError(
            `The primary key of a row of ${metadata.tablePath} takes more than ${KEY_LENGTH} ` +
                "characters, which the history of its pseudo keys can't keep.",
        )
    return owner
}

/**
 * Writes keys down as those of their rows. Throws where one is another row's: the primary key of the
 * history keeps two from having it, at whatever isolation level.
 * @internal
 */
export async function claim(runner: QueryRunner, claims: readonly Claim[]): Promise<void> {
    for (const [key, ofKey] of groupBy(claims, (one) => one.key))
        for (let start = 0; start < ofKey.length; start += BATCH) {
            const batch = ofKey.slice(start, start + BATCH)
            let others = await insertClaims(runner, key, batch)
            if (others.length > 0 && key.history !== "forever") {
                await deleteOrphans(runner, key, others)
                others = await insertClaims(runner, key, others)
            }
            if (others[0]) throw takenError(key, others[0].text)
            await markRetired(runner, key, batch)
        }
}

/** @internal */
export function takenError(key: StoredKey, text: string, cause?: unknown): KeyTakenError {
    return new KeyTakenError(
        `${key.label}: the key "${text}" belongs to another row` +
            (key.history === false ? "" : ", now or by its history") +
            `. ${SET_ANOTHER}`,
        { cause },
    )
}

/** Resolves to the claims that others have. */
async function insertClaims(
    runner: QueryRunner,
    key: StoredKey,
    claims: readonly Claim[],
): Promise<Claim[]> {
    const { dataSource, dialect } = key
    const table = keyTableOf(dataSource)
    const rows = new Parameters(dataSource)
    const values = claims.map(
        ({ scope, text, owner }) =>
            `(${rows.list([key.name, historyScopeOf(key, scope), text, owner])})`,
    )
    await runner.query(
        `INSERT INTO ${table.name} (${table.series}, ${table.scope}, ${table.key}, ${table.owner}) ` +
            `VALUES ${values.join(", ")} ${dialect.keys.ignoreDuplicates(table.owner)}`,
        rows.values,
    )

    const wanted = new Parameters(dataSource)
    const where = [`${table.series} = ${wanted.add(key.name)}`, claimed(key, claims, table, wanted)]
    const found = await select<{ at: string; of: string; by: string }>(runner, {
        sql:
            `SELECT ${table.scope} AS ${dataSource.driver.escape("at")}, ` +
            `${table.key} AS ${dataSource.driver.escape("of")}, ` +
            `${table.owner} AS ${dataSource.driver.escape("by")} ` +
            `FROM ${table.name} WHERE ${where.join(" AND ")}`,
        parameters: wanted.values,
    })
    const owners = new Map(found.map(({ at, of, by }) => [`${at} ${of}`, by]))
    return claims.filter(
        ({ scope, text, owner }) => owners.get(`${historyScopeOf(key, scope)} ${text}`) !== owner,
    )
}

/** Names the scope of each key as well: the index has it before the key. */
function claimed(
    key: StoredKey,
    claims: readonly Claim[],
    table: KeyTable,
    parameters: Parameters,
): string {
    const ofScopes = groupBy(claims, ({ scope }) => historyScopeOf(key, scope))
    const places = [...ofScopes].map(([scope, ofScope]) => {
        const texts = ofScope.map(({ text }) => text)
        return `(${table.scope} = ${parameters.add(scope)} AND ${table.key} IN (${parameters.list(texts)}))`
    })
    return `(${places.join(" OR ")})`
}

/** Rows that were deleted by others leave their keys behind. */
async function deleteOrphans(
    runner: QueryRunner,
    key: StoredKey,
    claims: readonly Claim[],
): Promise<void> {
    const { table, parameters } = statementOn(key)
    const where = [
        `${table.series} = ${parameters.add(key.name)}`,
        claimed(key, claims, table, parameters),
        `NOT EXISTS (${selectOwner(key, `${table.name}.${table.owner}`)})`,
    ]
    await runner.query(`DELETE FROM ${table.name} WHERE ${where.join(" AND ")}`, parameters.values)
}

async function markRetired(
    runner: QueryRunner,
    key: StoredKey,
    claims: readonly Claim[],
): Promise<void> {
    // A key that is new is not retired by itself, only one that is taken back was.
    if (!claims.some(({ isRetired }) => isRetired)) return
    for (const { isRetired, scope, text } of claims) {
        const { table, parameters } = statementOn(key)
        const retiredAt = isRetired ? "CURRENT_TIMESTAMP" : "NULL"
        const where = [
            `${table.series} = ${parameters.add(key.name)}`,
            `${table.scope} = ${parameters.add(historyScopeOf(key, scope))}`,
            `${table.key} = ${parameters.add(text)}`,
        ]
        await runner.query(
            `UPDATE ${table.name} SET ${table.retiredAt} = ${retiredAt} WHERE ${where.join(" AND ")}`,
            parameters.values,
        )
    }
}

/** @internal Frees the keys of rows, whose primary keys may become those of others. */
export async function forget(
    runner: QueryRunner,
    key: StoredKey,
    owners: readonly string[],
): Promise<void> {
    for (let start = 0; start < owners.length; start += BATCH)
        await forgetBatch(runner, key, owners.slice(start, start + BATCH))
}

async function forgetBatch(
    runner: QueryRunner,
    key: StoredKey,
    owners: readonly string[],
): Promise<void> {
    const { table, parameters } = statementOn(key)
    const change =
        // What is reserved stays so, and leads nowhere.
        key.history === "forever"
            ? `UPDATE ${table.name} SET ${table.owner} = '[]'`
            : `DELETE FROM ${table.name}`
    await runner.query(
        `${change} WHERE ${table.series} = ${parameters.add(key.name)} ` +
            `AND ${table.owner} IN (${parameters.list(owners)})`,
        parameters.values,
    )
}

/** @internal Takes the keys of a row along into another scope. */
export async function moveScope(
    runner: QueryRunner,
    key: StoredKey,
    owner: string,
    scope: Scope,
): Promise<void> {
    if (key.history !== "forever") await deleteOrphansOf(runner, key, owner, scope)
    const { table, parameters } = statementOn(key)
    await runner.query(
        `UPDATE ${table.name} SET ${table.scope} = ${parameters.add(historyScopeOf(key, scope))} ` +
            `WHERE ${table.series} = ${parameters.add(key.name)} ` +
            `AND ${table.owner} = ${parameters.add(owner)}`,
        parameters.values,
    )
}

/** What rows that are gone have left of a row's keys in another scope is free. */
async function deleteOrphansOf(
    runner: QueryRunner,
    key: StoredKey,
    owner: string,
    scope: Scope,
): Promise<void> {
    const { table, parameters } = statementOn(key)
    const where = [
        `${table.series} = ${parameters.add(key.name)}`,
        `${table.scope} = ${parameters.add(historyScopeOf(key, scope))}`,
        `${table.key} IN (SELECT own.k FROM (SELECT m.${table.key} AS k FROM ${table.name} m ` +
            `WHERE m.${table.series} = ${parameters.add(key.name)} ` +
            `AND m.${table.owner} = ${parameters.add(owner)}) own)`,
        `NOT EXISTS (${selectOwner(key, `${table.name}.${table.owner}`)})`,
    ]
    await runner.query(`DELETE FROM ${table.name} WHERE ${where.join(" AND ")}`, parameters.values)
}
