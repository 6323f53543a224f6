import type { EntityMetadata, ObjectLiteral, QueryRunner } from "typeorm"
import { dialectOf } from "../../dialects"
import { groupBy } from "../../group-by"
import { triggeredSeriesOf } from "../../series/own-series"
import type { Series } from "../../series/series"
import { dataSourceOf } from "../../typeorm/compat"
import { clearNumber, givenNumber, noteTaken, parseNumber, setNumber } from "../numbers"
import { nameErrors } from "../../name-errors"
import { readsBack } from "./read-back"
import { loadColumns } from "../../typeorm/load-columns"
import { refuseUnsupported } from "../supported"
import { Transaction } from "../../inserts/transaction"

interface Row {
    readonly entity: ObjectLiteral
    readonly metadata: EntityMetadata
    /** The numbers that the database is to make. */
    readonly series: readonly Series[]
}

/**
 * The rows of one query runner that were announced, and whose numbers come with their INSERT.
 * @internal
 */
export class TriggeredRows {
    private static readonly all = new WeakMap<QueryRunner, TriggeredRows>()
    private readonly rows = new Map<ObjectLiteral, Row>()
    /** The table into which an INSERT of several rows may leave out some, and does not tell which. */
    private skipping?: string
    private loading?: { rows: Row[]; finished: Promise<void> }

    private constructor(private readonly runner: QueryRunner) {}

    /** Undefined where no such row was announced. */
    static of(runner: QueryRunner): TriggeredRows | undefined {
        return TriggeredRows.all.get(runner)
    }

    /** Called before the INSERT of any row. Refuses a number that is none. */
    static announce(runner: QueryRunner, entity: ObjectLiteral, metadata: EntityMetadata): void {
        if (triggeredSeriesOf(metadata).length === 0) return
        let rows = TriggeredRows.all.get(runner)
        if (!rows) TriggeredRows.all.set(runner, (rows = new TriggeredRows(runner)))
        rows.add(entity, metadata)
    }

    private add(entity: ObjectLiteral, metadata: EntityMetadata): void {
        const series = triggeredSeriesOf(metadata).filter((one) => {
            refuseUnsupported(one)
            return givenNumber(one, entity) === undefined
        })
        readsBack(metadata)
        nameErrors(this.runner)
        const { leavesOutAsNull } = dialectOf(dataSourceOf(metadata))?.trigger ?? {}
        for (const { column } of series)
            if (column.getEntityValue(entity) !== undefined)
                column.setEntityValue(entity, undefined)
        // TypeORM inserts rows without any value after the others.
        if (
            leavesOutAsNull ||
            !metadata.columns.some((c) => c.getEntityValue(entity) !== undefined)
        )
            for (const { column } of series) column.setEntityValue(entity, null)
        this.rows.set(entity, { entity, metadata, series })
        // Also where the INSERT will be refused: it may be what ends the transaction.
        const transaction = Transaction.of(this.runner)
        if (transaction) transaction.hasNumbers = true
    }

    /** Called when an INSERT is about to be sent that may leave out rows. */
    skips({ tablePath }: EntityMetadata): void {
        const rows = [...this.rows.values()].filter((row) => row.metadata.tablePath === tablePath)
        this.skipping = rows.length > 1 ? tablePath : undefined
    }

    /** Called when the INSERT has failed. */
    failed(): void {
        for (const { entity, series } of this.rows.values())
            for (const one of series) clearNumber(one, entity)
        this.rows.clear()
        this.skipping = undefined
    }

    /**
     * Called after the INSERT. `save()` puts what it returns on the entity as TypeORM shows it, and
     * `insert()` as the driver does.
     */
    inserted(
        entity: ObjectLiteral,
        { isHydrated }: { isHydrated: boolean },
    ): Promise<void> | undefined {
        const row = this.rows.get(entity)
        if (!row) return undefined
        this.rows.delete(entity)
        const isReturned = dataSourceOf(row.metadata).driver.isReturningSqlSupported("insert")
        if (!isReturned) return this.load(row)
        for (const series of triggeredSeriesOf(row.metadata)) {
            const isTaken = row.series.includes(series)
            // TypeORM pairs what comes back by position, so a row that was left out shifts the rest.
            if (this.skipping === row.metadata.tablePath) clearNumber(series, entity)
            else noteNumber(series, entity, { isTaken, isHydrated })
        }
        if (this.rows.size === 0) this.skipping = undefined
        return undefined
    }

    /** TypeORM announces all rows of the statement in one go: their numbers are loaded together. */
    private load(row: Row): Promise<void> {
        if (!this.loading) {
            const rows: Row[] = []
            const finished = Promise.resolve().then(() => {
                this.loading = undefined
                return loadInserted(this.runner, rows)
            })
            finished.catch(() => {})
            this.loading = { rows, finished }
        }
        this.loading.rows.push(row)
        return this.loading.finished
    }
}

async function loadInserted(runner: QueryRunner, rows: readonly Row[]): Promise<void> {
    for (const [metadata, ofEntity] of groupBy(rows, (row) => row.metadata)) {
        const columns = triggeredSeriesOf(metadata).map(({ column }) => column)
        const entities = ofEntity.map(({ entity }) => entity)
        const stored = await loadColumns(runner.manager, metadata, columns, entities)
        const idOf = (entity: ObjectLiteral) => JSON.stringify(metadata.getEntityIdMap(entity))
        const byId = new Map(stored.map((entity) => [idOf(entity), entity]))
        for (const { entity, series } of ofEntity)
            for (const one of series) {
                const found = byId.get(idOf(entity))
                const number = found && parseNumber(one.column.getEntityValue(found, true))
                if (number !== undefined) setNumber(one, entity, number)
                noteNumber(one, entity, { isTaken: true, isHydrated: true })
            }
    }
}

function noteNumber(
    series: Series,
    entity: ObjectLiteral,
    { isTaken, isHydrated }: { isTaken: boolean; isHydrated: boolean },
): void {
    const { column } = series
    const number = parseNumber(column.getEntityValue(entity, isHydrated))
    if (number === undefined) {
        clearNumber(series, entity)
        return
    }
    if (isTaken) noteTaken(series, entity, number)
    // Not every driver returns it as the text that TypeORM makes of it when it loads the row.
    if (column.type === "bigint" || (column.transformer && !isHydrated))
        setNumber(series, entity, number)
}
