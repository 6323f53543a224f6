import { COUNTER_ENTITY } from "../../declared/own-tables"
import type { DataSource } from "typeorm"
import { dialectOf } from "../../dialects"
import type { DriverError } from "../../dialects/driver-error"
import {
    type AutoSequenceError,
    INSTALL_REMEDY,
    NotInstalledError,
    NumberOverflowError,
    ReadOnlyNumberError,
    UnknownScopeError,
} from "../../errors"
import type { Refused } from "../../inserts/assigner"
import type { Insert } from "../../inserts/insert"
import type { Cell } from "../../inserts/sql/insert-text"
import { seriesOf } from "../../series/resolve-series"
import { placeOf, type Series } from "../../series/series"
import { tableName } from "../../typeorm/names"
import { noCounterTable } from "../counters/move-counters"

/**
 * What an error is called that a trigger of this library has raised, or that comes from the lack of
 * one.
 * @internal
 */
export function triggerErrorOf(
    dataSource: DataSource,
    { sql, cause, insert }: Pick<Refused, "sql" | "cause" | "insert">,
): AutoSequenceError | undefined {
    const failure = dialectOf(dataSource)?.trigger?.failureOf(cause)
    if (!failure) return undefined
    const text = String(cause.message)
    if (failure.kind === "overflow") return new NumberOverflowError(text, { cause })
    if (failure.kind === "changed")
        return new ReadOnlyNumberError(
            `${text} Numbers are not editable: reload the row, or leave both as they were. Where it is ` +
                "TypeORM that sets the parent of a new row afterwards, save the parent first, or declare " +
                "the relation with { nullable: false }.",
            { cause },
        )
    if (failure.kind === "no counters") {
        const counter = dataSource.entityMetadatas.find(({ name }) => name === COUNTER_ENTITY)
        if (counter && text.includes(counter.tableName)) return noCounterTable(dataSource, cause)
        // It may be a table that the statement itself names.
        const [, missing] = /([^'".]+)['"] does(?: not|n't) exist/.exec(text) ?? []
        if (missing === undefined || sql.includes(missing)) return undefined
    }
    const triggered = dataSource.entityMetadatas
        .flatMap(seriesOf)
        .filter(({ strategy }) => strategy === "trigger")
    if (failure.kind !== "not numbered") {
        const ofTable = triggered.find(({ metadata }) => sql.includes(tableName(metadata)))
        if (!ofTable || !/^(INSERT|UPDATE) /.test(sql)) return undefined
        return new NotInstalledError(
            `The triggers of ${placeOf(ofTable)} name a column or a table that has another name now. ` +
                INSTALL_REMEDY,
            { cause },
        )
    }
    const ofTable = triggered.filter(({ metadata }) => sql.includes(`INTO ${tableName(metadata)}`))
    const series = ofTable.find(({ column }) => column.databaseName === failure.column)
    if (!series) return unknownScope(ofTable, failure.column, insert, cause)
    return new NotInstalledError(
        `${placeOf(series)} got no number from the database, so its trigger is missing. ${INSTALL_REMEDY}`,
        { cause },
    )
}

/** A trigger that finds NULL where the scope has none makes no key of a counter. */
function unknownScope(
    ofTable: readonly Series[],
    column: string | undefined,
    insert: Insert | undefined,
    cause: DriverError,
): UnknownScopeError | undefined {
    const [first] = ofTable
    // Some databases don't say whose column it is.
    if (column !== "scope" || first?.metadata.columns.some((c) => c.databaseName === column))
        return undefined
    const missing = ofTable.flatMap(({ metadata, column: { propertyPath }, scope }) => {
        const needed = scope.filter(({ columns }) => columns.some((c) => !c.isNullable))
        const unset = needed.filter(({ columns }) =>
            insert?.rows.some((row) => columns.some((c) => isUnset(row.cell(c)))),
        )
        const paths = (unset.length > 0 ? unset : needed).map(({ path }) => path)
        return paths.length > 0 ? `${metadata.name}.${propertyPath}: ${paths.join(", ")}` : []
    })
    if (missing.length === 0) return undefined
    return new UnknownScopeError(
        `The scope of a number can't be NULL. Set what makes it, ${missing.join("; ")}.`,
        { cause },
    )
}

function isUnset(cell: Cell): boolean {
    return cell.kind === "default" || (cell.kind === "value" && cell.value === null)
}
