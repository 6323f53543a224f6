import { COUNTER_ENTITY, EVENT_ENTITY, SETTING_ENTITY } from "../../../declared/own-tables"
import type { DataSource, EntityMetadata, QueryRunner } from "typeorm"
import { hasJournal, keepsJournal } from "../../../series/journal"
import { beforeFirst } from "../../../numbers/number-values"
import { withoutPeriod } from "../../../numbers/journal/settings"
import {
    counterTableOf,
    eventTableOf,
    findOwnEntity,
    settingTableOf,
} from "../../../series/own-table"
import { keySql } from "../../../series/scopes/scope-key"
import { select } from "../../../typeorm/statement"
import { dialectOf } from "../../../dialects"
import {
    CURRENT_SCHEMA,
    schemaHash,
    shortHash,
    shortId,
    type StoredFunctionRow,
    type StoredTrigger,
    type StoredTriggerRow,
    type Trigger,
    type TriggeredColumn,
    type TriggeredDocument,
    type TriggerFunction,
} from "../../../dialects/statements/trigger-statements"
import { kindsOf } from "../../../series/kinds"
import { zoneColumns, zoneSql } from "../../../series/periods/zone"
import { conditionSql } from "../../../series/when/row-condition"
import { seriesOf } from "../../../series/resolve-series"
import { documentSql } from "../../../series/documents/document-sql"
import type { Document, Series } from "../../../series/series"
import { type ColumnMetadata, columnName, namedPlace, tableName } from "../../../typeorm/names"
import { isSameColumn, sharersOf } from "../../../series/sharers"
import { servedEntities } from "../inventory"
import type { Retyped } from "../retyped-columns"

/** @internal The triggers that a table is to have, and those that it has. */
export interface TableTriggers {
    readonly metadata: EntityMetadata
    readonly columns: readonly { readonly series: Series; readonly triggers: readonly Trigger[] }[]
    /** Those by which its rows are only ever added. */
    readonly appendOnly: readonly Trigger[]
    readonly stored: readonly StoredTrigger[]
    /** Whether a column changes its type, or stored rows get periods, which triggers may keep them from. */
    readonly isRewritten: boolean
}

/** What is wrong with the triggers of a table. */
interface TriggerChanges {
    /** Those that have to go, as nobody needs them or they are not as they are to be. */
    readonly removed: readonly StoredTrigger[]
    readonly added: readonly Trigger[]
}

/** @internal The triggers of all tables of a data source. */
export async function readTriggers(
    runner: QueryRunner,
    dataSource: DataSource,
    rewritten: readonly Pick<Retyped, "metadata">[] = [],
): Promise<TableTriggers[]> {
    const { trigger, triggers: catalogue } = dialectOf(dataSource) ?? {}
    if (!catalogue) return []
    const current = await runner.getCurrentSchema()
    const schemaOf = (metadata: EntityMetadata) => namedPlace(metadata) ?? current
    const tables = tablesOf(dataSource)
    const schemas = new Set(tables.flatMap((metadata) => schemaOf(metadata) ?? []))
    const stored = await select<StoredTriggerRow>(runner, catalogue.stored([...schemas]))
    // Where a trigger finds the tables beside its own one, it need not say where those are.
    const toName = (metadata: EntityMetadata) =>
        catalogue.namesSchemas || schemaOf(metadata) !== current ? current : undefined
    const numbered = servedEntities(dataSource)
    return tables.map((metadata) => ({
        metadata,
        isRewritten: rewritten.some((other) => other.metadata.tablePath === metadata.tablePath),
        columns: (numbered.includes(metadata) ? seriesOf(metadata) : [])
            .filter(({ strategy }) => strategy === "trigger")
            .map((series) => ({
                series,
                triggers:
                    trigger?.triggersOf(
                        triggeredColumn(series, toName(metadata)),
                        triggeredColumn(series, toName(metadata) && CURRENT_SCHEMA),
                    ) ?? [],
            })),
        appendOnly:
            metadata.name === EVENT_ENTITY && hasJournal(dataSource)
                ? catalogue.appendOnly(metadata, current)
                : [],
        stored: stored
            .map((row) => ({ ...row, schema: row.schema ?? undefined }))
            .filter((row) => row.table === metadata.tableName && row.schema === schemaOf(metadata))
            .map((row) => catalogue.storedTrigger(row, namedPlace(metadata) !== undefined)),
    }))
}

/** @internal The functions of this library that no trigger calls any more. */
export async function readLeftOver(
    runner: QueryRunner,
    dataSource: DataSource,
): Promise<TriggerFunction[]> {
    const { leftOver } = dialectOf(dataSource)?.trigger ?? {}
    if (!leftOver) return []
    const named = new Set(tablesOf(dataSource).flatMap((metadata) => namedPlace(metadata) ?? []))
    const schemas = [...named, (await runner.getCurrentSchema()) ?? ""]
    const rows = await select<StoredFunctionRow>(runner, leftOver.select(schemas))
    return rows.map((row) => leftOver.read(row, named.has(row.schema)))
}

function tablesOf({ entityMetadatas }: DataSource): EntityMetadata[] {
    return entityMetadatas.filter(({ tableType }) => tableType === "regular")
}

function triggeredColumn(series: Series, schema: string | undefined): TriggeredColumn {
    const { dataSource, dialect } = series
    const counter = findOwnEntity(dataSource, COUNTER_ENTITY)
    const placeOf = (metadata: EntityMetadata | undefined) => {
        const place = (metadata && namedPlace(metadata)) ?? schema
        return place === undefined ? "" : `${schemaHash(place)}_`
    }
    const pendingOf = ({ metadata, column }: Series) =>
        placeOf(metadata) + shortHash(`${metadata.tableName} ${column.databaseName}`)
    const sharers = [...sharersOf(series)].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
    const [first = series] = sharers.filter(
        ({ metadata }) => metadata.tablePath === series.metadata.tablePath,
    )
    return {
        series,
        id: idOf(series),
        pending: pendingOf(series),
        // Of several columns of a row, the last one that took a number gives it back first. The
        // triggers of a row run in the order of their names.
        givesBack: isSameColumn(first, series) ? sharers.reverse().map(pendingOf) : [],
        schema,
        counter: {
            ...counterTableOf(dataSource),
            ...(counter && { name: tableName(counter, schema) }),
        },
        counted: {
            place: placeOf(counter),
            name: `${counter?.tableName ?? ""} ${series.name}`,
        },
        base: beforeFirst(series),
        condition: conditionOf(series),
        assignsAtCommit: series.assignsAtCommit,
        deletable: series.deletable,
        journal: journalOf(series, schema),
        ascends: series.ascends,
        keyOf: (row) =>
            keySql(series.scopeColumns, dialect, (column) => `${row}.${columnName(column)}`),
        sharers,
        period: periodOf(series, schema),
        documents: series.documents.map((document) => documentOf(document, schema)),
        kinds: kindsOf(series),
    }
}

function journalOf(series: Series, schema: string | undefined): TriggeredColumn["journal"] {
    const { dataSource } = series
    const events = findOwnEntity(dataSource, EVENT_ENTITY)
    if (!events || !keepsJournal(series)) return undefined
    return { ...eventTableOf(dataSource), table: tableName(events, schema) }
}

function idOf({ metadata, column }: Series): string {
    return shortId(`${metadata.tableName}_${column.databaseName}`)
}

function periodOf(
    { period, metadata }: Series,
    schema: string | undefined,
): TriggeredColumn["period"] {
    if (!period) return undefined
    const { zone, date } = period
    return {
        ...period,
        fixed: zone.fixed,
        zoneOf: (row) => zoneSql(zone, metadata, (one) => `${row}.${columnName(one)}`, schema),
        sources: [date, ...zoneColumns(zone).filter((one) => one !== date)],
    }
}

function documentOf(document: Document, schema: string | undefined): TriggeredDocument {
    const { column, series, maxLength, characters, paths } = document
    const nameOf = (one: ColumnMetadata) => `NEW.${columnName(one)}`
    return {
        column,
        maxLength,
        // The texts of formats were looked at.
        pattern: paths.size > 0 ? characters?.pattern : undefined,
        textOf: (day) =>
            documentSql(document, {
                nameOf,
                day,
                schema,
                number: nameOf(series.column),
                period: series.period && nameOf(series.period.column),
                code: document.showsCode ? codeSql(series, nameOf, schema) : undefined,
            }) ?? "NULL",
    }
}

/** The code that is registered for the scope of a row. */
function codeSql(
    series: Series,
    nameOf: (column: ColumnMetadata) => string,
    schema: string | undefined,
): string {
    const { dataSource, dialect, period } = series
    const { table, name, value, since, scope, ...t } = settingTableOf(dataSource)
    const metadata = dataSource.entityMetadatas.find((one) => one.name === SETTING_ENTITY)
    const { literal } = dialect.expressions
    const key = keySql(withoutPeriod(series).scopeColumns, dialect, nameOf)
    return (
        `(SELECT s.${value} FROM ${metadata ? tableName(metadata, schema) : table} s WHERE s.${t.series} = ${literal(series.name)} ` +
        `AND s.${scope} = ${key} AND s.${name} = 'code' AND s.${since} = ${period ? nameOf(period.column) : "''"})`
    )
}

/** Triggers of some databases don't find the operators of all types. */
function conditionOf({ when, dialect }: Series): TriggeredColumn["condition"] {
    if (!when) return undefined
    const { expressions, trigger } = dialect
    return (row) =>
        when
            .map((test) => {
                const compared = trigger?.compared?.(test.column) ?? ((sql: string) => sql)
                const literal: typeof expressions.literal = (value) =>
                    compared(expressions.literal(value))
                return conditionSql(
                    [test],
                    { expressions: { ...expressions, literal } },
                    (column) => compared(`${row}.${columnName(column)}`),
                )
            })
            .join(" AND ")
}

/** @internal All triggers that a table is to have. */
export function neededIn({ columns, appendOnly }: TableTriggers): Trigger[] {
    return [...columns.flatMap(({ triggers }) => triggers), ...appendOnly]
}

/** @internal All triggers of a column are created again if one of them is outdated. */
export function changesOf(table: TableTriggers): TriggerChanges {
    const { columns, appendOnly, stored, isRewritten } = table
    const groups = [...columns.map(({ triggers }) => triggers), appendOnly]
    const added = groups
        .filter(
            (triggers) => isRewritten || triggers.some((trigger) => !isInPlace(trigger, stored)),
        )
        .flat()
    const kept = neededIn(table).filter((t) => !added.includes(t))
    return { added, removed: stored.filter(({ name }) => !kept.some((k) => k.name === name)) }
}

function isInPlace(trigger: Trigger, stored: readonly StoredTrigger[]): boolean {
    const found = stored.find(({ name }) => name === trigger.name)
    return (
        found !== undefined &&
        found.isEnabled &&
        namesOf(found) === namesOf(trigger) &&
        found.definition === trigger.definition
    )
}

/** @internal The functions that a trigger calls. */
export function namesOf({ calls }: Trigger): string {
    return calls.map(({ name }) => name).join(", ")
}
