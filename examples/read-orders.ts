import { readFile } from "node:fs/promises"
import { parse } from "csv-parse/sync"

export interface Order {
    readonly orderId: string
    readonly date: string
    readonly customer: string
    /** A decimal number with two decimals, as text. */
    readonly amount: string
}

/** The file can't be imported; the message says why. */
export class OrderFileError extends Error {}

const COLUMNS = ["order_id", "date", "customer", "amount"] as const
type Row = Record<(typeof COLUMNS)[number], string>

/** Reads orders from a CSV file. Throws {@link OrderFileError} unless every line of it is right. */
export async function readOrders(path: string): Promise<Order[]> {
    const text = decode(path, await read(path))
    const seen = new Set<string>()
    const orders: Order[] = []
    for (const { record, info } of parseCsv(path, text)) {
        const refuse = (problem: string): never => {
            throw new OrderFileError(`${path}, line ${info.lines}: ${problem}`)
        }
        for (const column of COLUMNS) if (!record[column]) refuse(`${column} is empty.`)
        const { order_id: orderId, date, customer, amount } = record
        if (seen.has(orderId)) refuse(`order ${orderId} is in the file twice.`)
        seen.add(orderId)
        if (!isDate(date)) refuse(`date is "${date}", give it as 2026-01-31.`)
        const [, whole = "", cents = ""] = /^(-?\d{1,10})(?:\.(\d{1,2}))?$/.exec(amount) ?? []
        if (whole === "") refuse(`amount is "${amount}", give it as 1234.50.`)
        orders.push({ orderId, date, customer, amount: `${whole}.${cents.padEnd(2, "0")}` })
    }
    return orders
}

async function read(path: string): Promise<Buffer> {
    try {
        return await readFile(path)
    } catch (error) {
        throw new OrderFileError(`${path} can't be read: ${(error as Error).message}`)
    }
}

function decode(path: string, bytes: Buffer): string {
    try {
        return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
    } catch {
        throw new OrderFileError(`${path} is not UTF-8 text.`)
    }
}

function parseCsv(path: string, text: string): { record: Row; info: { lines: number } }[] {
    const header = (names: string[]): string[] => {
        const missing = COLUMNS.filter((column) => !names.includes(column))
        if (missing.length > 0)
            throw new OrderFileError(
                `${path} has no column ${missing.join(", ")}. Its first line must name the columns ` +
                    `${COLUMNS.join(",")}.`,
            )
        return names
    }
    try {
        const rows = parse<{ record: Row; info: { lines: number } }>(text, {
            columns: header,
            info: true,
            skip_empty_lines: true,
            trim: true,
        })
        if (rows.length === 0) throw new OrderFileError(`${path} holds no orders.`)
        return rows
    } catch (error) {
        if (error instanceof OrderFileError) throw error
        throw new OrderFileError(`${path} is not a CSV file: ${(error as Error).message}`)
    }
}

function isDate(text: string): boolean {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
    const date = new Date(`${text}T00:00:00Z`)
    return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}
