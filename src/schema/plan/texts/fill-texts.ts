import type { QueryRunner } from "typeorm"
import { DocumentNumberError, UnsupportedError } from "../../../errors"
import { readTextSql, textSql } from "../../../series/documents/document-sql"
import { columnsOfPath } from "../../../series/path"
import { zoneColumns } from "../../../series/periods/zone"
import type { Document, Series } from "../../../series/series"
import { type ColumnMetadata, columnName, ofRow, tableName } from "../../../typeorm/names"
import { countRows } from "../../../typeorm/statement"
import type { ServedTable } from "../inventory"
import { isUnnumbered } from "../number-rows"
import type { Steps } from "../steps"

/** @internal Gives rows the numbers that their texts tell. */
export async function readNumbers(steps: Steps, { texts, metadata }: ServedTable): Promise<void> {
    for (const document of texts.read) {
        const { column, series } = document
        const read = readTextSql(document)
        if (!read) continue
        await steps.sql(
            {
                sql:
                    `UPDATE ${tableName(metadata)} AS t SET ${columnName(series.column)} = ${read.number} ` +
                    `WHERE ${ofRow(column)} IS NOT NULL AND ${ofRow(series.column)} IS NULL`,
            },
            `Rows of ${metadata.tablePath} get the numbers that ${column.databaseName} shows.`,
        )
    }
}

/** @internal Gives the texts of their numbers to rows that have none. */
export async function fillTexts(steps: Steps, { texts, metadata }: ServedTable): Promise<void> {
    for (const document of texts.filled) {
        const sql = textSql(document)
        if (sql === undefined) continue
        await steps.sql(
            {
                sql: `UPDATE ${tableName(metadata)} AS t SET ${columnName(document.column)} = ${sql} WHERE ${lacksText(document)}`,
            },
            `Rows of ${metadata.tablePath} get the texts of their numbers.`,
        )
    }
}

/** @internal Refuses to fill what can't be told of rows that are there. */
export async function refuseUntold(
    runner: QueryRunner,
    { texts, metadata, table, blank }: ServedTable,
    renumber: boolean,
): Promise<void> {
    const count = (where: string) => countRows(runner, `${tableName(metadata)} t WHERE ${where}`)
    const isStored = (column: ColumnMetadata) => table.findColumnByName(column.databaseName)
    for (const document of texts.read) {
        const { place, column, dialect } = document
        const where = `${ofRow(column)} IS NOT NULL`
        const read = columnsRead(document).every(isStored) ? readTextSql(document) : undefined
        if (!read && (await count(where)) > 0)
            throw new UnsupportedError(
                `${place}: SQL can't read the numbers of existing rows in their texts (the format is a function, or ` +
                    "shows a code, or columns that don't exist yet, or dates in time zones that the database does not " +
                    "know). First add and fill those columns, or that of the number, in a migration of your own.",
            )
        if (!read) continue
        const { same, text } = dialect.expressions
        const others = `${where} AND NOT (${same(text(ofRow(column)), text(`(${read.text})`))})`
        const found = await count(others)
        if (found > 0)
            throw new DocumentNumberError(
                `${place}: ${found} ${found === 1 ? "row has a text" : "rows have texts"} that the format does not ` +
                    `make of the row and a number: SELECT * FROM ${tableName(metadata)} t WHERE ${others}. Correct ` +
                    "the row, or first add and fill the column of the number in a migration of your own. If the number is in a " +
                    "column of another name, rename that first (ALTER TABLE).",
            )
    }
    for (const document of texts.filled) {
        const isBlank = blank.some(({ column }) => column === document.series.column)
        await refuseUnfilled(count, document, { isStored, isBlank })
    }
    const areAsked = ({ column, when = [] }: Series) =>
        isStored(column) && when.every((test) => isStored(test.column))
    for (const series of renumber ? blank.filter(areAsked) : [])
        for (const document of series.documents)
            if (makeableText(document, isStored) === undefined)
                if ((await count(isUnnumbered(series, "t", renumber))) > 0)
                    throw unmakeable(document)
}

type Count = (where: string) => Promise<number>

async function refuseUnfilled(
    count: Count,
    document: Document,
    { isStored, isBlank }: { isStored: (column: ColumnMetadata) => unknown; isBlank: boolean },
): Promise<void> {
    const { place, series, metadata, column } = document
    const isNumbered = isStored(series.column) !== undefined
    // A condition about columns that are not there yet can't be asked.
    const isDue =
        isBlank && (series.when ?? []).every((test) => isStored(test.column))
            ? ` OR (${isUnnumbered(series, "t")})`
            : ""
    const where = [
        ...(isNumbered ? [`(${ofRow(series.column)} IS NOT NULL${isDue})`] : []),
        ...(isStored(column) ? [`${ofRow(column)} IS NULL`] : []),
    ].join(" AND ")
    const rows = await count(where || "1 = 1")
    if (rows === 0) return
    const sql = makeableText(document, isStored)
    if (sql === undefined) throw unmakeable(document)
    // What the same migration makes can't be asked yet.
    if (!isNumbered || (series.period && !isStored(series.period.column))) return
    // Of a row without a number, all that it will show is not known yet.
    const unset = `${where} AND ${ofRow(series.column)} IS NOT NULL AND (${sql}) IS NULL`
    const without = await count(unset)
    if (without > 0)
        throw new DocumentNumberError(
            `${place}: ${without} ${without === 1 ? "row has" : "rows have"} a number, but a value that its text ` +
                `shows is not set. Set it first: SELECT * FROM ${tableName(metadata)} t WHERE ${unset}.`,
        )
}

function makeableText(
    document: Document,
    isStored: (column: ColumnMetadata) => unknown,
): string | undefined {
    return columnsShown(document).every(isStored) ? textSql(document) : undefined
}

function columnsShown({ paths }: Document): readonly ColumnMetadata[] {
    return [...paths.values()].flatMap(columnsOfPath)
}

function columnsRead(document: Document): readonly ColumnMetadata[] {
    const { period } = document.series
    return [
        ...columnsShown(document),
        ...(period ? [period.date, ...zoneColumns(period.zone)] : []),
    ]
}

function unmakeable({ place }: Document): UnsupportedError {
    return new UnsupportedError(
        `${place}: SQL can't make the texts of existing rows (the format is a function, or shows columns ` +
            "that don't exist yet, or dates in time zones that the database does not know). First add and fill " +
            "the column in a migration of your own.",
    )
}

function lacksText({ column, series }: Document): string {
    return `${ofRow(series.column)} IS NOT NULL AND ${ofRow(column)} IS NULL`
}
