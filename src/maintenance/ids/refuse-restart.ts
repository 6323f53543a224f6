import type { Refuse } from "../../declared/options"
import { KEY_ENTITY } from "../../declared/own-tables"
import type { IdSequence } from "../../dialects/statements/upkeep/id-statements"
import { IdsInUseError } from "../../errors"
import type { Snapshot } from "../../audit/snapshot"
import { placeOfEntity, storedColumns } from "../../audit/tables"
import { storedKeysOf } from "../../keys/resolve-keys"
import { keyTableOf } from "../../series/own-table"
import { hasRows } from "../../typeorm/statement"
import type { ColumnPlace } from "../references/column-place"
import { referencesOf } from "../references/find-orphans"
import { highestOf, isInteger } from "../references/orphans"

/** What to do instead of assigning ids again. */
const INSTEAD =
    "Leave the gap: gaps in ids are not an error. Archive rows (@DeleteDateColumn) instead of deleting them, and " +
    "give people a public key (@PseudoKey), not the id."

/** @internal Refuses a restart while there are rows, or while something refers to an id that would be assigned again. */
export async function refuseRestart(
    snapshot: Snapshot,
    place: ColumnPlace,
    sequences: readonly IdSequence[],
    options: { readonly weak: readonly string[]; readonly guess: boolean; readonly refuse: Refuse },
): Promise<void> {
    const { runner, dialect, dataSource } = snapshot
    const found: string[] = []
    for (const { columns } of sequences)
        for (const { table } of columns)
            if (await hasRows(runner, table))
                throw new IdsInUseError(
                    `${table} has rows, and its ids can restart only when it is empty. ${INSTEAD}`,
                )
    for (const { table, column } of await dialect.ids.foreignKeys(
        runner,
        place.table,
        place.column,
    ))
        if (await hasRows(runner, `${table} WHERE ${column} IS NOT NULL`))
            found.push(`${table}.${column} (a foreign key)`)
    for (const reference of await referencesOf(snapshot, { ...options, to: place })) {
        const stored = await storedColumns(snapshot, reference.from.table)
        const type = stored.get(reference.from.column)?.type
        const highest =
            type === undefined ? null : await highestOf(snapshot, reference, isInteger(type))
        if (highest !== null)
            found.push(`${reference.from.label} up to ${highest} (${NAMES[reference.origin]})`)
    }
    for (const key of place.metadata ? storedKeysOf(place.metadata) : []) {
        const { history, name } = key
        const table = dataSource.entityMetadatas.find((one) => one.name === KEY_ENTITY)
        if (
            history === false ||
            !table ||
            (await storedColumns(snapshot, placeOfEntity(table))).size === 0
        )
            continue
        const keys = keyTableOf(dataSource)
        const ofSeries = `${keys.series} = ${dataSource.driver.createParameter("", 0)}`
        if (await hasRows(runner, `${keys.name} WHERE ${ofSeries}`, [name]))
            found.push(`the history of ${key.propertyPath}, whose old keys would lead to new rows`)
    }
    if (found.length > 0)
        throw new IdsInUseError(
            `${place.label} can't restart: ids that would be assigned again are still used by ${found.join("; ")}. ` +
                `They would silently refer to new rows. ${INSTEAD}`,
        )
}

const NAMES = {
    declared: "a weak reference",
    relation: "a relation without a foreign key",
    guessed: "looks like a reference",
} as const
