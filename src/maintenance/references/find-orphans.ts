import type { DataSource } from "typeorm"
import { inSnapshot, type Snapshot } from "../../audit/snapshot"
import type { WeakReferenceAudit } from "../../audit/types"
import { checkedOptions, FLAG, LIST, type Refuse, refuserOf } from "../../declared/options"
import { givenDataSource } from "../../typeorm/given"
import type { ColumnPlace } from "./column-place"
import { guessedReferences } from "./guessed-references"
import { findOrphansOf } from "./orphans"
import { declaredReferences, parseReference, type WeakReference } from "./weak-reference"

/** Options of {@link findOrphans}. */
export interface OrphansOptions {
    /**
     * References that no entity declares:
     * `tag.objectId references Article where tag.contentType = 'Article'`. Tables and columns don't
     * have to belong to entities; they may have a schema and quotes.
     *
     * Default: none.
     */
    weak?: readonly string[]

    /**
     * Whether columns that look like references are checked too: `articleId` if there is an entity
     * Article, and a type next to an id, such as `contentType` and `objectId`.
     *
     * Default: `true`.
     */
    guess?: boolean
}

/**
 * Finds rows that refer to missing rows, in columns without a foreign key: references declared with
 * {@link WeakReference}, relations without a constraint (`createForeignKeyConstraints: false`),
 * references given as an option, and columns that look like references. It reads one snapshot, and
 * writes nothing.
 *
 * Errors: {@link NotInstalledError} before `initialize()`, {@link InvalidOptionError},
 * {@link MissingRightError}.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { findOrphans } from "typeorm-autosequence"
 *
 * declare const dataSource: DataSource
 *
 * for (const { from, to, orphans } of await findOrphans(dataSource))
 *     if (orphans > 0) console.log(`${orphans} rows of ${from} point at no ${to}`)
 * ```
 */
export async function findOrphans(
    dataSource: DataSource,
    options: OrphansOptions = {},
): Promise<WeakReferenceAudit[]> {
    const { weak = [], guess = true } = checkedOptions("findOrphans", options, {
        weak: LIST,
        guess: FLAG,
    })
    const given = givenDataSource("findOrphans", dataSource)
    return inSnapshot(given, async (snapshot) => {
        const references = await referencesOf(snapshot, {
            weak,
            guess,
            refuse: refuserOf("findOrphans"),
        })
        return auditReferences(snapshot, references)
    })
}

/** @internal The weak references of a data source: declared, given, and guessed. */
export async function referencesOf(
    snapshot: Snapshot,
    {
        weak,
        guess,
        refuse,
        to,
    }: {
        readonly weak: readonly string[]
        readonly guess: boolean
        readonly refuse: Refuse
        /** What those point at that do not say it; where it is given, no others are looked for. */
        readonly to?: ColumnPlace
    },
): Promise<WeakReference[]> {
    const { dataSource } = snapshot
    const known = [
        ...weak.map((text) => parseReference(dataSource, text, to, refuse)),
        ...declaredReferences(dataSource, refuse),
    ]
    const all = guess ? [...known, ...(await guessedReferences(snapshot, known))] : known
    return to ? all.filter((one) => isSame(one.to, to)) : all
}

function isSame(one: ColumnPlace, other: ColumnPlace): boolean {
    return one.table.name === other.table.name && one.column === other.column
}

/** @internal Whether rows refer to missing rows. A column that only looks like a reference may be something else. */
export function isBroken({ origin, orphans }: WeakReferenceAudit): boolean {
    return origin !== "guessed" && orphans > 0
}

/** @internal */
export async function auditReferences(
    snapshot: Snapshot,
    references: readonly WeakReference[],
): Promise<WeakReferenceAudit[]> {
    const found: WeakReferenceAudit[] = []
    for (const reference of references) {
        snapshot.signal?.throwIfAborted()
        const audit = await findOrphansOf(snapshot, reference)
        if (audit) found.push(audit)
    }
    return found
}
