import type { EntityMetadata, ObjectLiteral } from "typeorm"
import type { Beginning, Upsert } from "../dialects/dialect"
import { type ColumnMetadata, columnName } from "../typeorm/names"
import type { Statement } from "../typeorm/statement"
import type { Cell, InsertText, InsertTuple } from "./sql/insert-text"
import { NewRow } from "./announced/new-row"

/**
 * What somebody who assigns values knows of an INSERT: it is gone with it, whatever becomes of it.
 * @internal
 */
export class InsertNote<Value> {
    private static count = 0
    private readonly at = InsertNote.count++

    get(insert: Insert): Value | undefined {
        return insert.notes[this.at] as Value | undefined
    }

    set(insert: Insert, value: Value): void {
        insert.notes[this.at] = value
    }
}

/** @internal A row of an INSERT. */
export class InsertRow {
    constructor(
        readonly insert: Insert,
        /** Its place among the rows. */
        readonly at: number,
        readonly metadata: EntityMetadata,
        /** Undefined where nobody waits for its values. */
        readonly announced: NewRow | undefined,
        private readonly tuple: InsertTuple,
    ) {}

    get entity(): ObjectLiteral | undefined {
        return this.announced?.entity
    }

    /** What stands in the place of a column. */
    cell(column: ColumnMetadata): Cell {
        const at = this.insert.placeOf(column)
        return at === undefined ? { kind: "default" } : this.tuple.cellAt(at)
    }

    /** Sets the value of a column, as the driver sends it. */
    assign(column: ColumnMetadata, value: unknown): void {
        this.tuple.assign(this.insert.placeFor(column), value)
    }

    /** Whether the value of a column was made for this row, so that a stored row has another one. */
    isAssigned(column: ColumnMetadata): boolean {
        const at = this.insert.placeOf(column)
        return at !== undefined && this.tuple.isAssigned(at)
    }

    /** Leaves a column to the database. */
    assignSql(column: ColumnMetadata, sql: string): void {
        this.tuple.assignSql(this.insert.placeFor(column), sql)
    }
}

/**
 * An INSERT of new rows that is about to be sent: read once, for everybody who assigns values.
 * @internal
 */
export class Insert {
    readonly rows: readonly InsertRow[]
    private readonly places = new Map<ColumnMetadata, number>()
    private readonly returned = new Map<string, ColumnMetadata>()
    /** Read and written by {@link InsertNote} alone. */
    readonly notes: unknown[] = []
    private taken?: Beginning

    constructor(
        /** The table, as SQL names it. */
        readonly table: string,
        private readonly text: InsertText,
        /** Of each row: its entity, and what it is an entity of. */
        found: readonly (NewRow | { readonly metadata: EntityMetadata })[],
        /** Where it may update or skip rows instead. */
        readonly upsert: Upsert | undefined,
    ) {
        this.rows = text.tuples.map((tuple, at) => {
            const row = found[at] as NewRow | { readonly metadata: EntityMetadata }
            const announced = row instanceof NewRow ? row : undefined
            return new InsertRow(this, at, row.metadata, announced, tuple)
        })
    }

    /** That of its rows, or of the first where classes share a table. */
    get metadata(): EntityMetadata {
        return (this.rows[0] as InsertRow).metadata
    }

    /** Its rows with each of what their classes have: many have none of most. */
    rowsWith<One>(
        of: (metadata: EntityMetadata) => readonly One[],
    ): { readonly row: InsertRow; readonly one: One }[] {
        const found: { row: InsertRow; one: One }[] = []
        let metadata: EntityMetadata | undefined
        let all: readonly One[] = []
        for (const row of this.rows) {
            if (row.metadata !== metadata) all = of((metadata = row.metadata))
            for (const one of all) found.push({ row, one })
        }
        return found
    }

    /** Undefined where the statement does not name it. */
    placeOf(column: ColumnMetadata): number | undefined {
        let at = this.places.get(column)
        if (at === undefined) {
            at = this.text.columns.indexOf(columnName(column))
            this.places.set(column, at)
        }
        return at < 0 ? undefined : at
    }

    placeFor(column: ColumnMetadata): number {
        const known = this.placeOf(column)
        if (known !== undefined) return known
        const at = this.text.placeOf(columnName(column))
        this.places.set(column, at)
        return at
    }

    /** Lets the statement return a column that TypeORM has not asked for. */
    returnColumn(column: ColumnMetadata): void {
        if (this.text.returnColumn(columnName(column)))
            this.returned.set(column.databaseName, column)
    }

    /** Lets an upsert set a column of a stored row, made from columns of that row and of the new one. */
    setStored(
        column: ColumnMetadata,
        valueOf: (
            stored: (column: ColumnMetadata) => string,
            given: (column: ColumnMetadata) => string,
        ) => string,
    ): void {
        const { upsert } = this
        if (!upsert) return
        this.text.setStored(upsert.update, columnName(column), (table) =>
            valueOf(
                (one) => `${table}.${columnName(one)}`,
                (one) => upsert.given(columnName(one)),
            ),
        )
    }

    /**
     * Takes off the rows what TypeORM has not asked for, and would put on entities as it is, or on
     * those of other rows where some are not returned.
     */
    hideReturned(rows: readonly Record<string, unknown>[]): void {
        for (const [name, { type, transformer }] of this.returned)
            if (type !== "int" || transformer || rows.length !== this.rows.length)
                for (const row of rows) Reflect.deleteProperty(row, name)
    }

    /** Lets its one row be a row of a query, which may have none. */
    selectTaken(begin: Beginning): void {
        this.taken = begin
    }

    /** Lets its rows be their values again. */
    selectNothing(): void {
        this.taken = undefined
    }

    get isSelected(): boolean {
        return this.taken !== undefined
    }

    write(): Required<Statement> {
        return this.taken ? this.text.writeTaken(this.taken) : this.text.write()
    }
}
