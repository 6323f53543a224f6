import { batches } from "../../batches"
import type { Scope } from "../../dialects/columns"
import type { KeyTable } from "../../dialects/statements/key-statements"
import { KeyTakenError, StaleSnapshotError } from "../../errors"
import { groupBy } from "../../group-by"
import { keyTableOf } from "../../series/own-table"
import { select, type Sender } from "../../typeorm/statement"
import { SET_ANOTHER } from "../key-errors"
import type { StoredKey } from "../pseudo-key"
import { Parameters } from "../../typeorm/rows/parameters"
import { historyScopeOf, selectCurrent, selectOwner } from "../rows/taken-keys"

const BATCH = 200
/** These go as one parameter. */
const BULK = 2000

/** @internal A key that a row has, or had. */
export interface Claim {
    readonly scope: Scope
    readonly text: string
    readonly owner: string
    /** Whether the row no longer has it. */
    readonly isRetired?: boolean
    /** Whether the row has it in the table: what the history says else is from before it was switched on again. */
    readonly isHeld?: boolean
    /** Whether it was looked for, and found free. */
    readonly isFound?: boolean
}

/** A key in the history, by the scope as it has it. */
interface Place {
    readonly scope: string
    readonly text: string
}

type Claimed = Place & Omit<Claim, "scope">

/**
 * Writes keys down as those of their rows. Throws where one is another row's: the primary key of the
 * history keeps two from having it, at whatever isolation level.
 * @internal
 */
export async function claim(
    runner: Sender,
    key: StoredKey,
    claims: readonly Claim[],
): Promise<void> {
    const claimed = claims.map((one) => ({ ...one, scope: historyScopeOf(key, one.scope) }))
    for (const batch of batches(claimed, BULK)) {
        let others = await insertClaims(runner, key, batch)
        if (others.length > 0) {
            await changeAt(
                runner,
                key,
                others.filter(({ isHeld }) => isHeld),
            )
            // Rows that were deleted without this library leave their keys behind.
            const { table } = statementOn(key)
            if (key.history !== "forever")
                await changeAt(runner, key, others, {
                    where: [`NOT EXISTS (${selectOwner(key, `${table.name}.${table.owner}`)})`],
                })
            others = await insertClaims(runner, key, others)
        }
        const [other] = others
        if (!other) continue
        const error = takenError(key, other.text)
        throw other.isFound ? staleKeyError(key, error) : error
    }
}

/** @internal Makes rows the owners of keys that they have from each other. */
export async function exchangeClaims(
    runner: Sender,
    key: StoredKey,
    claims: readonly Claim[],
): Promise<void> {
    const scopes = groupBy(claims, ({ scope }) => historyScopeOf(key, scope))
    const owned = await findKeys(
        runner,
        key,
        claims.map(({ owner }) => owner),
    )
    const exchanged = owned.filter((place) =>
        scopes.get(place.scope)?.some(({ text }) => text === place.text),
    )
    await changeAt(runner, key, exchanged)
    await claim(runner, key, claims)
}

/** @internal */
export function takenError(key: StoredKey, text: string): KeyTakenError {
    return new KeyTakenError(
        `${key.label}: the key "${text}" belongs to another row` +
            (key.history === false ? "" : ", now or by its history") +
            `. ${SET_ANOTHER}`,
    )
}

/** @internal */
export function staleKeyError({ label }: StoredKey, cause: unknown): StaleSnapshotError {
    return new StaleSnapshotError(
        `${label}: a key was looked for and found free, but another row has it since the transaction took ` +
            "its snapshot. Repeat the transaction, as transactionWithRetry does, or use READ COMMITTED.",
        { cause },
    )
}

/** Resolves to the claims that others have. */
async function insertClaims(
    runner: Sender,
    key: StoredKey,
    claims: readonly Claimed[],
): Promise<Claimed[]> {
    const { dialect, dataSource } = key
    const { table, parameters } = statementOn(key)
    const wanted = new Parameters(dataSource)
    const columns = [table.series, table.scope, table.key, table.owner, table.retiredAt]
    const series = parameters.add(key.name)
    const rows = parameters.add(
        JSON.stringify(claims.map((c) => [c.scope, c.text, c.owner, c.isRetired ? "1" : "0"])),
    )
    await runner.query(
        `INSERT INTO ${table.name} (${columns.join(", ")}) ` +
            `SELECT ${series}, r.c0, r.c1, r.c2, CASE WHEN r.c3 = '1' THEN CURRENT_TIMESTAMP END ` +
            `FROM ${dialect.keys.texts(rows, 4)} WHERE 1 = 1 ${dialect.keys.onClaimed(table)}`,
        parameters.values,
    )

    const places = dialect.keys.texts(
        wanted.add(JSON.stringify(claims.map((c, at) => [c.scope, c.text, c.owner, String(at)]))),
        4,
    )
    const where = [
        `h.${table.series} = ${wanted.add(key.name)}`,
        `h.${table.scope} = r.c0`,
        `h.${table.key} = r.c1`,
    ]
    const found = await select<{ at: string }>(runner, {
        sql:
            `SELECT r.c3 AS ${dataSource.driver.escape("at")} FROM ${places} ` +
            `${dialect.keys.joinByKey(table.name, "h", where.join(" AND "))} ` +
            `WHERE ${dialect.keys.differ(`h.${table.owner}`, "r.c2")}${dialect.keys.latest ?? ""}`,
        parameters: wanted.values,
    })
    return found.map(({ at }) => claims[Number(at)] as Claimed)
}

/** @internal Frees the keys of rows, whose primary keys may become those of others. */
export async function forget(
    runner: Sender,
    key: StoredKey,
    owners: readonly string[],
): Promise<void> {
    const { table } = statementOn(key)
    // What is reserved stays so, and leads nowhere.
    const change =
        key.history === "forever" ? `UPDATE ${table.name} SET ${table.owner} = '[]'` : undefined
    await changeAt(runner, key, await findKeys(runner, key, owners), { change })
}

/** @internal Frees a key that no row has any more. Resolves to whether it was kept. */
export async function releaseFormer(
    runner: Sender,
    key: StoredKey,
    scope: Scope,
    text: string,
): Promise<boolean> {
    const { table, parameters } = statementOn(key)
    const place = [
        `${table.series} = ${parameters.add(key.name)}`,
        `${table.scope} = ${parameters.add(historyScopeOf(key, scope))}`,
        `${table.key} = ${parameters.add(text)}`,
    ].join(" AND ")
    // A row that is about to have it again has locked it as well.
    await select(runner, {
        sql: `SELECT 1 FROM ${table.name} WHERE ${place}${key.dialect.rowLock}`,
        parameters: parameters.values,
    })
    const current = new Parameters(key.dataSource)
    const having = await select(runner, {
        sql: selectCurrent(key, scope, [text], current) + (key.dialect.keys.latest ?? ""),
        parameters: current.values,
    })
    if (having.length > 0)
        throw new KeyTakenError(
            `${key.label}: a row has this key now, and only a retired one can be released. Give the row another ` +
                "key first.",
        )
    // One of a row that was deleted without this library was free already.
    const owner = selectOwner(key, `${table.name}.${table.owner}`)
    const isOwned = key.history === "forever" ? "" : ` AND EXISTS (${owner})`
    const { affected } = await runner.query(
        `DELETE FROM ${table.name} WHERE ${place}${isOwned}`,
        parameters.values,
        true,
    )
    return (affected ?? 0) > 0
}

/** @internal Takes the keys of a row out of the history, for another scope. */
export async function takeOut(
    runner: Sender,
    key: StoredKey,
    owner: string,
): Promise<readonly string[]> {
    const found = await findKeys(runner, key, [owner])
    await changeAt(runner, key, found)
    return found.map(({ text }) => text)
}

/** @internal The keys that a row has, or had, in a scope. */
export async function keysOfOwner(
    runner: Sender,
    key: StoredKey,
    scope: Scope,
    owner: string,
): Promise<string[]> {
    const found = await findKeys(runner, key, [owner])
    const within = historyScopeOf(key, scope)
    return found.flatMap((place) => (place.scope === within ? place.text : []))
}

/**
 * The keys of rows. They are looked for before they are changed: where there are none, MySQL would
 * lock the gap in which others are about to insert theirs.
 */
async function findKeys(
    runner: Sender,
    key: StoredKey,
    owners: readonly string[],
): Promise<Place[]> {
    const wanted = new Set(owners)
    const all: Place[] = []
    for (const batch of batches(owners, BATCH)) {
        const { table, parameters } = statementOn(key)
        const { driver } = key.dataSource
        const columns = { scope: table.scope, text: table.key, by: table.owner }
        const read = Object.entries(columns).map(([as, name]) => `${name} AS ${driver.escape(as)}`)
        const found = await select<Place & { by: string }>(runner, {
            sql:
                `SELECT ${read.join(", ")} FROM ${table.name} ` +
                `WHERE ${table.series} = ${parameters.add(key.name)} ` +
                `AND ${table.owner} IN (${parameters.list(batch)})`,
            parameters: parameters.values,
        })
        // The column may have a collation that takes other owners for the same.
        all.push(...found.filter(({ by }) => wanted.has(by)))
    }
    return all
}

/** Changes keys of the history, each of which is told by the whole primary key. */
async function changeAt(
    runner: Sender,
    key: StoredKey,
    places: readonly Place[],
    { change, where = [] }: { change?: string; where?: readonly string[] } = {},
): Promise<void> {
    for (const batch of batches(places, BATCH)) {
        const { table, parameters } = statementOn(key)
        const series = `${table.series} = ${parameters.add(key.name)}`
        const ofScopes = [...groupBy(batch, ({ scope }) => scope)].map(([scope, ofScope]) => {
            const name = parameters.add(scope)
            const texts = parameters.list(ofScope.map(({ text }) => text))
            return `(${table.scope} = ${name} AND ${table.key} IN (${texts}))`
        })
        const conditions = [series, `(${ofScopes.join(" OR ")})`, ...where]
        await runner.query(
            `${change ?? `DELETE FROM ${table.name}`} WHERE ${conditions.join(" AND ")}`,
            parameters.values,
        )
    }
}

/** What each statement on the history of a key begins with. */
function statementOn({ dataSource }: StoredKey): { table: KeyTable; parameters: Parameters } {
    return { table: keyTableOf(dataSource), parameters: new Parameters(dataSource) }
}
