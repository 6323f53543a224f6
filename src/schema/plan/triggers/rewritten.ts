import { type Inventory, retypedOf, type ServedTable } from "../inventory"
import type { Retyped } from "../retyped-columns"

/** @internal What is about to change in rows that triggers protect, or in spite of those that wait for COMMIT. */
export function rewrittenIn(inventory: Inventory): Pick<Retyped, "metadata">[] {
    return [
        ...retypedOf(inventory),
        ...inventory.tables.filter((table) => table.stranded.length > 0 || isHeldOpen(table)),
    ]
}

/** PostgreSQL alters no table while a trigger waits for a row of it that was filled. */
function isHeldOpen({ present, blank, periods, keys, texts }: ServedTable): boolean {
    const filled = [blank, periods, keys.bySql, keys.byLibrary, texts.read, texts.filled]
    return (
        present.some((one) => one.strategy === "trigger" && one.assignsAtCommit) &&
        filled.some(({ length }) => length > 0)
    )
}
