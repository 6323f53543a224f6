import type { DataSource, EntityMetadata, QueryRunner } from "typeorm"
import { type Form, objectOf } from "../../declared/options"
import { kindOfType } from "../../dialects/column-type"
import { InvalidOptionError, UnknownOrderError } from "../../errors"
import type { Series } from "../../series/series"
import { conditionSql } from "../../series/when/row-condition"
import { type ColumnMetadata, columnType, ofRow, tableName } from "../../typeorm/names"
import { select } from "../../typeorm/statement"
import { isUnnumbered } from "./number-rows"
import type { Inventory, ServedTable } from "./inventory"

/**
 * The columns that order rows without a number: the name of an entity, and its properties, the most
 * significant first. Rows that are equal in them are ordered by primary key.
 */
export type NumberingOrder = Readonly<Record<string, string | readonly string[]>>

/** @internal */
export const NUMBERING_ORDER: Form = objectOf([
    (paths) => [paths].flat().every((path) => typeof path === "string"),
    "names of properties, or lists of them",
])

/** @internal The columns by which the rows of each table are numbered that have no number. */
export class RowOrder {
    private readonly given = new Map<string, ColumnMetadata[]>()

    constructor(dataSource: DataSource, order: NumberingOrder = {}) {
        for (const [entity, paths] of Object.entries(order)) {
            const metadata = findEntity(dataSource, entity)
            const columns = (typeof paths === "string" ? [paths] : paths).flatMap((path) =>
                findColumns(metadata, path),
            )
            this.given.set(metadata.tablePath, columns)
        }
    }

    /** They come before those of the primary key; undefined where nothing tells the order. */
    of(metadata: EntityMetadata): ColumnMetadata[] | undefined {
        const given = this.given.get(metadata.tablePath)
        if (given || isAscending(metadata)) return given ?? []
        return metadata.createDateColumn && [metadata.createDateColumn]
    }

    /** Refuses to number rows by chance. */
    refuseUnknown({ metadata, table, blank, texts }: ServedTable, asked = ""): void {
        // Whatever rows there will be, their texts tell their numbers.
        const isTold = ({ column }: Series) =>
            texts.read.some(
                (one) =>
                    one.series.column === column &&
                    table.findColumnByName(one.column.databaseName)?.isNullable === false,
            )
        const series = blank.find((one) => !isTold(one))
        if (!series || this.of(metadata)) return
        const { name, primaryColumns } = metadata
        const example = `${name}.${primaryColumns[0]?.propertyPath ?? "id"}`
        throw new UnknownOrderError(
            `${name}.${series.column.propertyPath}: the order of the rows of ${metadata.tablePath} that have no ` +
                "number is unknown. Their primary key is not an ascending integer, and there is no " +
                `@CreateDateColumn. Name a property that gives the order: --order-by ${name}.<property>, or orderBy: ` +
                `{ ${name}: "<property>" }. If the order doesn't matter, name the primary key: --order-by ` +
                `${example}.${asked}`,
        )
    }

    /** The same, of tables that have rows whose order matters. */
    async refuseUnknownRows(
        runner: QueryRunner,
        { tables }: Pick<Inventory, "tables">,
        asked?: string,
    ): Promise<void> {
        for (const table of tables)
            if (await hasRowsToNumber(runner, table)) this.refuseUnknown(table, asked)
    }
}

/** Whether there are rows whose order matters. */
async function hasRowsToNumber(runner: QueryRunner, served: ServedTable): Promise<boolean> {
    const { metadata, blank } = served
    if (blank.length === 0) return false
    const where = blank.map((series) => `(${lacksNumber(served, series)})`).join(" OR ")
    const sql = `SELECT 1 AS found FROM ${tableName(metadata)} t WHERE ${where} LIMIT 2`
    return (await select(runner, { sql })).length > 1
}

/** Of a column that is not there yet, a text may tell the number of a row. */
function lacksNumber({ table, missing, texts }: ServedTable, series: Series): string {
    if (!missing.includes(series)) return isUnnumbered(series, "t")
    const { when = [], dialect } = series
    const read = texts.read.filter((document) => document.series.column === series.column)
    const isKnown = when.every(({ column }) => table.findColumnByName(column.databaseName))
    return [
        "1 = 1",
        ...read.map(({ column }) => `${ofRow(column)} IS NULL`),
        ...(read.length > 0 && isKnown && when.length > 0
            ? [conditionSql(when, dialect, ofRow)]
            : []),
    ].join(" AND ")
}

function isAscending({ primaryColumns }: EntityMetadata): boolean {
    return primaryColumns.some(
        (column) =>
            (column.isGenerated && column.generationStrategy !== "uuid") ||
            (primaryColumns.length === 1 && kindOfType(columnType(column)) === "integer"),
    )
}

function findEntity({ entityMetadatas }: DataSource, entity: string): EntityMetadata {
    const found = entityMetadatas.find(({ name }) => name === entity)
    if (found) return found
    const names = entityMetadatas.map(({ name }) => name).sort()
    const ofTable = entityMetadatas.find(({ tableName: table }) => table === entity)
    throw new InvalidOptionError(
        `orderBy names the entity "${entity}", which the data source does not have. ` +
            (ofTable
                ? `The entity of the table ${entity} is ${ofTable.name}.`
                : `It has ${names.join(", ")}.`),
    )
}

function findColumns(metadata: EntityMetadata, path: string): ColumnMetadata[] {
    const { columns, relations, name } = metadata
    const relation = relations.find((r) => r.propertyPath === path)
    const found = relation?.joinColumns ?? columns.filter((c) => c.propertyPath === path)
    if (found.length > 0) return found
    const paths = columns.map(({ propertyPath }) => propertyPath)
    throw new InvalidOptionError(
        `orderBy names "${path}", which is not a column of ${name}. It has ${[...new Set(paths)].join(", ")}.`,
    )
}
