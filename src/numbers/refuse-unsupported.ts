import type { DataSource } from "typeorm"
import { databasesWith } from "../dialects"
import { InvalidOptionError, UnsupportedError } from "../errors"
import { keepsJournal } from "../series/journal"
import { ownSeriesOf } from "../series/own-series"
import { isLate, placeOf, type Series } from "../series/series"
import { sharersOf } from "../series/sharers"
import { counterTableOf } from "../series/own-table"
import { isMadeByDatabase } from "../series/scopes/scope"
import { keySql } from "../series/scopes/scope-key"
import { type ColumnMetadata, columnType } from "../typeorm/names"
import { tableLockOf } from "./table-lock/table-lock"

const supported = new WeakSet<Series>()

/**
 * Refuses a series that its strategy can't number in this data source, before anything is written.
 * @internal
 */
export function refuseUnsupported(series: Series): void {
    if (supported.has(series)) return
    const { dataSource, dialect } = series as Series & { dialect: Series["dialect"] | undefined }
    if (series.strategy === "table-lock") {
        tableLockOf(series.metadata)
        // The journal names scopes as counters do.
        if (keepsJournal(series))
            keySql(series.scopeColumns, dialect, ({ databaseName }) => databaseName)
    } else {
        if (!dialect?.[series.strategy])
            throw new UnsupportedError(
                `Strategy "${series.strategy}" does not work on "${dataSource.options.type}". It works ` +
                    `on ${databasesWith(series.strategy)}.` +
                    (dialect ? ' Strategy "counter" works there.' : ""),
            )
        if (series.strategy === "trigger") refuseUnseen(series)
        counterTableOf(dataSource)
        keySql(series.scopeColumns, dialect, ({ databaseName }) => databaseName)
        sharersOf(series)
    }
    refuseRoundedKeys(series)
    supported.add(series)
}

/** Refuses rows that are numbered by a later statement, and are not found by what drivers show of their primary keys. */
function refuseRoundedKeys(series: Series): void {
    if (series.strategy === "trigger" || !isLate(series)) return
    const { metadata, dataSource } = series
    // SQLite has none.
    const defaults: Partial<DataSource["driver"]> = dataSource.driver
    const rounded = metadata.primaryColumns.find((column) => {
        const type = columnType(column)
        const known = defaults.dataTypeDefaults?.[type]?.precision ?? 0
        return (
            /^(timestamp|datetime)/.test(type) &&
            (column.default !== undefined || isMadeByDatabase(column)) &&
            (column.precision ?? known) > 3
        )
    })
    if (rounded)
        throw new InvalidOptionError(
            `${placeOf(series)} is numbered after the INSERT, by the primary key of its row. The database makes ` +
                `${rounded.propertyPath}, with microseconds, and a JavaScript Date has milliseconds, so the row would not ` +
                "be found again. Give the column { precision: 3 }, or the row another primary key.",
        )
}

/** Refuses what a trigger does not see, or not in time. */
function refuseUnseen(unseen: Series): void {
    const { scope, dataSource, dialect, metadata } = unseen
    const { seesGenerated, seesPeriods, seesForeignKeys, commitTrigger } = dialect.trigger ?? {}
    const refuse = (problem: string): never => {
        throw new UnsupportedError(`${placeOf(unseen)} on "${dataSource.options.type}": ${problem}`)
    }
    if (unseen.assignsAtCommit && !commitTrigger)
        refuse('assign: "commit" takes a trigger that runs at COMMIT. Use strategy "counter".')
    if (unseen.column.isPrimary && !dataSource.driver.isReturningSqlSupported("insert"))
        refuse(
            "the number is in the primary key, and no INSERT returns it there, so that nobody can tell which row is " +
                'which. Use strategy "counter".',
        )
    const deleting = metadata.ownRelations.find(
        ({ onDelete, joinColumns }) => onDelete === "CASCADE" && joinColumns.length > 0,
    )
    if (unseen.deletable !== true && !seesForeignKeys && deleting)
        refuse(
            `deletable is false, and the foreign key of ${deleting.propertyPath} deletes rows, for which no trigger ` +
                "runs. Declare the relation without onDelete.",
        )
    for (const { path, columns } of scope) {
        const relation = columns.find(({ relationMetadata }) => relationMetadata)?.relationMetadata
        const other = seesPeriods ? undefined : columns.flatMap((one) => setterOf(unseen, one))[0]
        if (other)
            refuse(
                `${path} of its scope is set by the trigger of ${other.column.propertyPath}, which may run later. Use ` +
                    'strategy "counter".',
            )
        const problem =
            !seesGenerated && columns.some(({ generatedType }) => generatedType)
                ? "is generated, and only after the trigger has run. Take the columns that it is made from."
                : !seesForeignKeys && relation?.onUpdate === "CASCADE"
                  ? "is changed by its foreign key, and no trigger runs then. Declare the relation " +
                    'without onUpdate, or use strategy "counter".'
                  : undefined
        if (problem) refuse(`${path} of its scope ${problem}`)
    }
}

/** Another number of the row that sets this column, as its date or its period. */
function setterOf({ metadata, ...unseen }: Series, column: ColumnMetadata): Series[] {
    const isSetBy = ({ period }: Pick<Series, "period">) =>
        period?.column === column || period?.date === column
    return isSetBy(unseen) ? [] : ownSeriesOf(metadata).filter(isSetBy)
}
