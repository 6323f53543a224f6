import type { DataSource } from "typeorm"
import { Lease, Receipt } from "../entities/others"
import { documents, isStrategy, type TortureName } from "../strategies"

/** A table with numbers, and what holds for them. */
export interface NumberedTable {
    readonly table: string
    /** Columns that make the scope, as the log writes it. */
    readonly scope: readonly string[]
    /** Whether numbers may be lost. */
    readonly isLossy: boolean
    /** Whether the number of a deleted last row is given again. */
    readonly reuses: boolean
    readonly hasDrafts: boolean
}

export interface StoredRow {
    readonly tag: string
    readonly scope: string
    readonly number: number | null
    readonly status?: string
}

export function numberedTables(
    dataSource: DataSource,
    names: readonly TortureName[],
): NumberedTable[] {
    const nameOf = (entity: new () => object) => dataSource.getMetadata(entity).tableName
    return names.flatMap((name): NumberedTable[] => {
        const plain = { isLossy: false, reuses: name === "table-lock", hasDrafts: false }
        if (isStrategy(name)) {
            const { document, line, draft } = documents[name]
            return [
                { ...plain, table: nameOf(document), scope: ["company"] },
                { ...plain, table: nameOf(line), scope: ["document"] },
                {
                    ...plain,
                    table: nameOf(draft),
                    scope: ["company", "numberPeriod"],
                    hasDrafts: true,
                },
            ]
        }
        if (name === "lease")
            return [{ ...plain, table: nameOf(Lease), scope: ["company"], isLossy: true }]
        if (name === "sequence") return [{ ...plain, table: nameOf(Receipt), scope: ["company"] }]
        return []
    })
}

/** All of its rows, by plain SQL. */
export async function readRows(
    dataSource: DataSource,
    { table, scope, hasDrafts }: NumberedTable,
): Promise<StoredRow[]> {
    const columns = ["tag", "number", ...scope, ...(hasDrafts ? ["status"] : [])]
    const list = columns.map((column) => dataSource.driver.escape(column)).join(", ")
    const rows = await dataSource.query<Record<string, string | number | null>[]>(
        `SELECT ${list} FROM ${dataSource.driver.escape(table)}`,
    )
    return rows.map((row) => ({
        tag: String(row.tag),
        scope: scope.map((column) => String(row[column] ?? "")).join("/"),
        number: row.number === null || row.number === undefined ? null : Number(row.number),
        ...(hasDrafts && { status: String(row.status) }),
    }))
}
