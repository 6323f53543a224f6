import type { Insert } from "./insert"

type Values = Record<string, unknown>

/** @internal The rows that a statement has returned. */
export function rawRows(result: unknown): readonly Values[] {
    const raw: unknown = (Object(result) as { raw?: unknown }).raw ?? result
    return Array.isArray(raw) ? (raw as Values[]) : []
}

/**
 * What an INSERT has returned of each of its rows, in their order, by the names of columns; undefined where
 * it has not returned all of them, so that nobody can tell which is which.
 * @internal
 */
export function returnedRows({ rows }: Insert, result: unknown): readonly Values[] | undefined {
    const returned = rawRows(result)
    return returned.length === rows.length ? returned : undefined
}
