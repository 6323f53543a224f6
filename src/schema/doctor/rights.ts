import { COUNTER_ENTITY, EVENT_ENTITY, KEY_ENTITY, SETTING_ENTITY } from "../../declared/own-tables"
import type { EntityMetadata } from "typeorm"
import type { TableRight, TableUse } from "../../dialects/server/server-checks"
import { findOwnEntity } from "../../series/own-table"
import { keepsJournal, keepsSettings } from "../../series/journal"
import { columnName, tableName } from "../../typeorm/names"
import { hasHistory } from "../../tables/key-entity"
import { count, type Examined } from "./examined"
import { type DiagnosisLine, ok, problem } from "./types"

/** @internal The rights that the user lacks on what the strategies in use write to. */
export async function rightLines(examined: Examined): Promise<DiagnosisLine[]> {
    const { runner, dialect } = examined
    const uses = usesOf(examined)
    const lines: DiagnosisLine[] = []
    for (const use of uses) {
        const missing = await dialect.server.missingRights(runner, use)
        if (missing.length === 0) continue
        const [lock, others] = [missing.includes("LOCK"), missing.filter((one) => one !== "LOCK")]
        if (others.length > 0)
            lines.push(
                problem(
                    "rights",
                    `The user of the data source lacks ${others.join(", ")} on ${use.table}.`,
                    `GRANT ${others.join(", ")} ON ${use.table} TO …`,
                ),
            )
        if (lock)
            lines.push(
                problem(
                    "rights",
                    `Strategy "table-lock" uses LOCK TABLE ${use.table}, and the user of the data source may not lock ` +
                        "it: that needs the right to update, delete or truncate.",
                    `GRANT UPDATE ON ${use.table} TO …`,
                ),
            )
    }
    if (lines.length > 0 || uses.length === 0) return lines
    return [ok("rights", `all that numbers and keys take, on ${count(uses.length, "table")}`)]
}

/** What callers themselves do with tables; triggers have the rights of who made them. */
function usesOf({ dataSource, series }: Examined): TableUse[] {
    const called = series.filter(({ strategy }) => strategy !== "trigger")
    const rights = new Map<EntityMetadata, Set<TableRight>>()
    const add = (metadata: EntityMetadata | undefined, ...more: TableRight[]) => {
        if (metadata) rights.set(metadata, new Set([...(rights.get(metadata) ?? []), ...more]))
    }
    const named = (entity: string) => findOwnEntity(dataSource, entity)
    for (const one of called) {
        add(one.metadata, "SELECT")
        if (one.strategy === "table-lock") add(one.metadata, "LOCK")
        else add(named(COUNTER_ENTITY), "SELECT", "INSERT", "UPDATE")
        if (keepsJournal(one)) add(named(EVENT_ENTITY), "INSERT")
        if (keepsSettings(one)) add(named(SETTING_ENTITY), "SELECT")
    }
    if (hasHistory(dataSource)) add(named(KEY_ENTITY), "SELECT", "INSERT", "UPDATE", "DELETE")
    return [...rights].map(([metadata, own]) => ({
        table: tableName(metadata),
        column: metadata.columns.slice(0, 1).map(columnName).join(),
        rights: [...own],
    }))
}
