import { COUNTER_ENTITY } from "../../declared/own-tables"
import type { DataSource, EntityMetadata } from "typeorm"
import { dialectOf } from "../../dialects"
import type { DriverError } from "../../dialects/driver-error"
import type { TriggerFailure } from "../../dialects/statements/trigger-statements"
import {
    type AutoSequenceError,
    INSTALL_REMEDY,
    NotInstalledError,
    NumberOverflowError,
    ReadOnlyJournalError,
    ReadOnlyNumberError,
    UnknownScopeError,
    UnsupportedError,
} from "../../errors"
import type { Refused } from "../../inserts/assigner"
import type { Cell } from "../../inserts/sql/insert-text"
import { findOwnEntity } from "../../series/own-table"
import { triggeredSeriesOf } from "../../series/own-series"
import { seriesOf } from "../../series/resolve-series"
import { noScope } from "../../series/scopes/scope-key"
import { CHECK_PREFIX, numberedCheck } from "../../series/when/numbered-check"
import { pathsOf, placeOf, type Series } from "../../series/series"
import { columnName, NAME, tableName } from "../../typeorm/names"
import { noCounterTable } from "../counters/counter-errors"
import { overflowError } from "../number-values"
import { type Failed, type Name, raisedBy } from "./failed"
import { PERIOD_NAMES } from "./period-errors"
import { ROW_NAMES } from "./row-errors"
import { TEXT_NAMES } from "./text-errors"

const NAMES: Readonly<Record<TriggerFailure, Name>> = {
    overflow: (failed) =>
        tooLarge(failed) ?? new NumberOverflowError(failed.text, { cause: failed.cause }),
    "out of range": tooLarge,
    changed,
    ...PERIOD_NAMES,
    ...ROW_NAMES,
    ...TEXT_NAMES,
    "no counters": missingTable,
    outdated: formerNames,
    "not numbered": noNumber,
    "left out": leftOut,
    unread,
}

/**
 * What an error is called that a trigger of this library has raised, or that comes from the lack of
 * one.
 * @internal
 */
export function triggerErrorOf(
    dataSource: DataSource,
    { sql, cause, insert }: Pick<Refused, "sql" | "cause" | "insert">,
): AutoSequenceError | undefined {
    const { trigger, triggers } = dialectOf(dataSource) ?? {}
    if (triggers?.isAppendOnly(cause))
        return new ReadOnlyJournalError(
            "A row of the journal of numbers was to be changed or deleted, and rows are only ever added to it. Write " +
                "another event that says what is right.",
            { cause },
        )
    const text = String(cause.message)
    const failure = trigger?.failureOf(cause)
    if (!failure && !text.includes(CHECK_PREFIX)) return undefined
    const own = insert ? triggeredSeriesOf(insert.metadata) : []
    const all = dataSource.entityMetadatas.flatMap(seriesOf)
    const triggered = [...own, ...all.filter(({ strategy }) => strategy === "trigger")]
    if (!failure) {
        // The trigger runs before it, and gives each row a number for which the condition holds.
        const unmet = triggered.find((series) => text.includes(numberedCheck(series)?.name ?? sql))
        return unmet && noTrigger(unmet, cause)
    }
    const { kind, column } = failure
    return NAMES[kind]({ dataSource, sql, cause, insert, text, column, triggered })
}

function tooLarge(failed: Failed): NumberOverflowError | undefined {
    const series = raisedBy(failed)
    return series && overflowError(series, "the next number", failed.cause)
}

function changed(failed: Failed): ReadOnlyNumberError {
    const { text, cause } = failed
    const series = raisedBy(failed)
    const scope = series?.scope.length ? `its scope (${pathsOf(series)})` : undefined
    const found = series
        ? `${placeOf(series)} of a stored row${scope ? `, or ${scope},` : ""} was to be changed.`
        : text
    return new ReadOnlyNumberError(
        `${found} Numbers are not editable: reload the row, or leave both as they were. Where it is ` +
            "TypeORM that sets the parent of a new row afterwards, save the parent first, or declare " +
            "the relation with { nullable: false }.",
        { cause },
    )
}

/** Undefined for a table that the statement itself names. */
function missingTable(failed: Failed): NotInstalledError | undefined {
    const { dataSource, sql, text, cause } = failed
    const counter = findOwnEntity(dataSource, COUNTER_ENTITY)
    if (counter && text.includes(counter.tableName)) return noCounterTable(dataSource, cause)
    const [, missing] = /([^'".]+)['"] does(?: not|n't) exist/.exec(text) ?? []
    return missing === undefined || sql.includes(missing) ? undefined : formerNames(failed)
}

function formerNames(failed: Failed): NotInstalledError | undefined {
    const { cause } = failed
    const series = writtenTo(failed)
    if (!series) return undefined
    return new NotInstalledError(
        `The triggers of ${placeOf(series)} name a column or a table that has another name now. ` +
            INSTALL_REMEDY,
        { cause },
    )
}

function unread(failed: Failed): NotInstalledError | undefined {
    const series = writtenTo(failed)
    return series && new NotInstalledError(unreadTriggers(series), { cause: failed.cause })
}

/** @internal What is wrong where a server has read the triggers of a column in part, and what to do. */
export function unreadTriggers(series: Series): string {
    const { reading } = series.dialect.trigger ?? {}
    return (
        `The server has not read all triggers of ${placeOf(series)}: a statement was ended meanwhile (KILL QUERY, a ` +
        `time limit), and it keeps them so. Send ${reading?.again(tableName(series.metadata)) ?? ""}, with the ` +
        "privilege RELOAD."
    )
}

function noNumber(failed: Failed): NotInstalledError | UnknownScopeError | undefined {
    const { column, cause } = failed
    const series = insertedInto(failed).find((one) => one.column.databaseName === column)
    return series ? noTrigger(series, cause) : unknownScope(failed)
}

function noTrigger(series: Series, cause: DriverError): NotInstalledError {
    const { reading } = series.dialect.trigger ?? {}
    const again = reading?.again(tableName(series.metadata))
    return new NotInstalledError(
        `${placeOf(series)} got no number from the database, so its trigger is missing. ` +
            (again
                ? `Or the server has not read it: send ${again}, with the privilege RELOAD. `
                : "") +
            INSTALL_REMEDY,
        { cause },
    )
}

/** A database may refuse the row before it asks a trigger. */
function leftOut(failed: Failed): AutoSequenceError | undefined {
    const { dataSource, sql, column, cause } = failed
    const series = insertedInto(failed).find((one) => one.column.databaseName === column)
    if (!series) return unknownScope(failed)
    if (/\bVALUES?\b/i.test(sql)) return noNumber(failed)
    return new UnsupportedError(
        `${placeOf(series)} is left out of an INSERT … SELECT, which "${dataSource.options.type}" refuses before it ` +
            `asks a trigger. Name the column ${columnName(series.column)}, and select NULL for it.`,
        { cause },
    )
}

/**
 * A trigger that finds NULL where the scope has none makes no key of a counter. Some databases refuse
 * the row before it runs.
 */
function unknownScope(failed: Failed): UnknownScopeError | undefined {
    const { column, insert, cause } = failed
    const ofTable = insertedInto(failed)
    const isNamed = ({ scopeColumns }: Series) =>
        scopeColumns.some(({ databaseName }) => databaseName === column)
    // Some databases don't say whose column it is.
    const isOfCounter =
        column === "scope" &&
        ofTable[0]?.metadata.columns.every(({ databaseName }) => databaseName !== column)
    if (!isOfCounter && !ofTable.some(isNamed)) return undefined
    const missing = ofTable.flatMap((series) => {
        const scope = series.scope.filter(
            ({ columns }) =>
                columns.some((c) => !c.isNullable) &&
                (!insert || insert.rows.some((row) => columns.some((c) => isUnset(row.cell(c))))),
        )
        return scope.length > 0 ? `${placeOf(series)}: ${pathsOf({ scope })}` : []
    })
    if (missing.length === 0) return ofTable[0] && noScope(ofTable[0], cause)
    return new UnknownScopeError(
        `The scope of a number can't be NULL. Set what makes it, ${missing.join("; ")}.`,
        { cause },
    )
}

const WRITING = /^\s*(INSERT|UPDATE|DELETE|REPLACE)\b/i

function writtenTo({ sql, triggered }: Failed): Series | undefined {
    return WRITING.test(sql)
        ? triggered.find(({ metadata }) => namesTable(unquoted(sql), metadata))
        : undefined
}

const INTO = new RegExp(`INTO\\s+((?:${NAME}|[\\w$.])+)`, "i")

function insertedInto({ sql, triggered }: Failed): readonly Series[] {
    const table = INTO.exec(sql)?.[1] ?? ""
    const found = triggered.filter(({ metadata }) => isTable(metadata, table))
    return found.filter(({ column }, at) => found.findIndex((one) => one.column === column) === at)
}

/** Callers' own SQL may name a table without quotes. */
function isTable(metadata: EntityMetadata, name: string): boolean {
    return unquoted(tableName(metadata)) === unquoted(name)
}

function namesTable(sql: string, metadata: EntityMetadata): boolean {
    const name = unquoted(tableName(metadata))
    for (let at = sql.indexOf(name); at >= 0; at = sql.indexOf(name, at + 1))
        if (!/\w/.test((sql[at - 1] ?? " ") + (sql[at + name.length] ?? " "))) return true
    return false
}

function unquoted(sql: string): string {
    return sql.replace(/["`]/g, "")
}

function isUnset(cell: Cell): boolean {
    return cell.kind === "default" || (cell.kind === "value" && cell.value === null)
}
