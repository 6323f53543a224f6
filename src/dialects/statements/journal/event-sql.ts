import { type ColumnMetadata, columnName } from "../../../typeorm/names"
import type { JournalStatements } from "./journal-statements"
import type { EventTable } from "./journal-tables"
import type { TriggeredColumn } from "../trigger-statements"

/** @internal An event that a trigger writes. */
export interface RowEvent {
    readonly kind: "explicit" | "move" | "delete"
    /** The row whose number it is about. */
    readonly row: "NEW" | "OLD"
    /** What else there is to say of it, as SQL. */
    readonly more?: readonly (readonly [name: string, value: string])[]
}

/** @internal The statement of a trigger that writes an event; nothing where no journal is kept. */
export function writeEvent(
    { journal, series, keyOf }: TriggeredColumn,
    { now, said, object }: JournalStatements,
    {
        text,
        bytes = text,
        literal,
    }: Record<"text" | "literal", (sql: string) => string> & {
        /** Text of a column that may hold bytes, where these are no text. */
        bytes?(sql: string, column: ColumnMetadata): string
    },
    { kind, row, more = [] }: RowEvent,
): string {
    if (!journal) return ""
    const number = `${row}.${columnName(series.column)}`
    const key = series.metadata.primaryColumns.map(
        (one) => [one.propertyPath, bytes(`${row}.${columnName(one)}`, one)] as const,
    )
    const details = text(object([["row", object(key)], ...more]))
    const values: Record<Exclude<keyof EventTable, "table" | "id">, string> = {
        series: literal(series.name),
        scope: keyOf(row),
        kind: `'${kind}'`,
        first: number,
        last: number,
        reason: said?.("reason") ?? "NULL",
        by: said?.("by") ?? "NULL",
        at: now,
        details,
    }
    const names = Object.keys(values) as (keyof typeof values)[]
    return (
        `INSERT INTO ${journal.table} (${names.map((name) => journal[name]).join(", ")}) ` +
        `VALUES (${names.map((name) => values[name]).join(", ")});`
    )
}

/** @internal What a trigger writes of a stored row that has another number or none, and whose writer may have set it. */
export function changedEvents(
    { series }: TriggeredColumn,
    {
        deleted,
        moved,
        explicit,
        givesNumbers,
    }: Record<"deleted" | "moved" | "explicit" | "givesNumbers", string>,
): string {
    const number = columnName(series.column)
    return `
        IF OLD.${number} IS NOT NULL AND NEW.${number} IS NULL THEN
            ${deleted}
        ELSEIF OLD.${number} IS NOT NULL THEN
            ${moved}
        END IF;
        IF NEW.${number} IS NOT NULL AND NOT ${givesNumbers} THEN
            ${explicit}
        END IF;`
}

/** @internal The event of a number that a row has got in the place of another one. */
export function moveEvent(
    { series, keyOf }: TriggeredColumn,
    { object }: JournalStatements,
    text: (sql: string) => string,
): RowEvent {
    const number = text(`NEW.${columnName(series.column)}`)
    return {
        kind: "move",
        row: "OLD",
        more: [
            [
                "to",
                object([
                    ["scope", keyOf("NEW")],
                    ["number", number],
                ]),
            ],
        ],
    }
}
