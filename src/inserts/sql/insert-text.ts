import type { Beginning, ParameterLimit } from "../../dialects/dialect"
import { markedId } from "../../typeorm/marks"
import { NAME } from "../../typeorm/names"
import type { Statement } from "../../typeorm/statement"

/** @internal What stands in one place of an INSERT. */
export type Cell =
    /** A parameter, or a literal, as the driver sends it; NULL is null. */
    | { readonly kind: "value"; readonly value: unknown }
    | { readonly kind: "default" }
    /** SQL that is not a literal. */
    | { readonly kind: "expression"; readonly sql: string }

/** A place that is written anew. */
interface Assigned {
    readonly value: unknown
}

/** SQL that is put in a place as it is. */
interface Verbatim {
    readonly sql: string
}

/** Adds a parameter; returns how SQL names it. */
type Add = (value: unknown) => string

/**
 * Gives a parameter another value. PostgreSQL refuses a statement that has one too many, whose type
 * nothing tells.
 */
type Replace = (at: number, value: unknown) => string

/** The alias of the table, or its own name. */
const TABLE = new RegExp(`(${NAME})$`)
const NUMBERED = /^\$\d+$/
const DEFAULT: Cell = { kind: "default" }

/** @internal What a literal of SQL stands for; undefined for other SQL. */
export function literalOf(sql: string): (Cell & { readonly kind: "value" }) | undefined {
    if (/^null$/i.test(sql)) return { kind: "value", value: null }
    // As a text, 0 would be a boolean that is true.
    if (/^-?(0|[1-9]\d{0,14})$/.test(sql)) return { kind: "value", value: Number(sql) }
    if (/^-?\d+(\.\d+)?$/.test(sql)) return { kind: "value", value: sql }
    if (/^-?\d+(\.\d+)?e[+-]?\d+$/.test(sql)) return { kind: "value", value: Number(sql) }
    if (/^'(?:[^'\\]|'')*'$/.test(sql))
        return { kind: "value", value: sql.slice(1, -1).replaceAll("''", "'") }
    return undefined
}

/** @internal The values of one row, in the order of the columns. */
export class InsertTuple {
    private assigned?: (Assigned | Verbatim | undefined)[]

    constructor(
        private readonly sql: string,
        /** Where each value begins and ends. An INSERT may have thousands of rows, and most of their values stay. */
        private readonly bounds: readonly number[],
        /** The row that TypeORM has marked it as. */
        readonly markedId: number | undefined,
        private readonly parameters: readonly unknown[],
        /** Where parameters are found by their order: the first one of each value, and the next one. */
        private readonly first: readonly number[] | undefined,
        /** What stands where there is no value. */
        private readonly absent: string,
    ) {}

    cellAt(at: number): Cell {
        const assigned = this.assigned?.[at]
        if (assigned) return "value" in assigned ? { kind: "value", ...assigned } : DEFAULT
        const text = this.textAt(at)
        if (text === undefined || text.endsWith("DEFAULT")) return DEFAULT
        if (text === "?" || NUMBERED.test(text))
            return { kind: "value", value: this.parameters[this.parameterAt(at, text)] }
        return literalOf(text) ?? { kind: "expression", sql: text }
    }

    assign(at: number, value: unknown): void {
        ;(this.assigned ??= [])[at] = { value }
    }

    assignSql(at: number, sql: string): void {
        ;(this.assigned ??= [])[at] = { sql }
    }

    /** Whether a place has got a value. */
    isAssigned(at: number): boolean {
        const assigned = this.assigned?.[at]
        return assigned !== undefined && "value" in assigned
    }

    sqlAt(at: number, add: Add, replace?: Replace): string {
        const assigned = this.assigned?.[at]
        const text = this.textAt(at)
        if (assigned && "value" in assigned) {
            const isOwn = replace && text !== undefined && NUMBERED.test(text)
            return isOwn ? replace(this.parameterAt(at, text), assigned.value) : add(assigned.value)
        }
        if (assigned) return assigned.sql
        // A mark that nobody has replaced is one of another class of the same table.
        return text === undefined || markedId(text) !== undefined ? this.absent : text
    }

    /** Writes the places, and hands over the parameters of each in their order. */
    write(length: number, keep: (value: unknown) => void, add: Add, replace?: Replace): string {
        const { sql, bounds, first } = this
        const read = bounds.length / 2
        let written = "("
        let from = bounds[0] as number
        for (let at = 0; at < read; at += 1)
            if (this.assigned?.[at] || this.isMarkedAt(at)) {
                written += sql.slice(from, bounds[2 * at]) + this.sqlAt(at, add, replace)
                from = bounds[2 * at + 1] as number
            } else if (first)
                for (let i = first[at] as number; i < (first[at + 1] as number); i += 1)
                    keep(this.parameters[i])
        written += sql.slice(from, bounds[2 * read - 1])
        for (let at = read; at < length; at += 1) written += `, ${this.sqlAt(at, add, replace)}`
        return `${written})`
    }

    private textAt(at: number): string | undefined {
        const start = this.bounds[2 * at]
        return start === undefined ? undefined : this.sql.slice(start, this.bounds[2 * at + 1])
    }

    private parameterAt(at: number, text: string): number {
        return this.first ? (this.first[at] as number) : parseInt(text.slice(1), 10) - 1
    }

    private isMarkedAt(at: number): boolean {
        return this.markedId !== undefined && markedId(this.textAt(at) ?? "") !== undefined
    }
}

/**
 * An INSERT as TypeORM writes it: columns, and the values of rows. Read once, changed in its places,
 * and written again.
 * @internal
 */
export class InsertText {
    constructor(
        readonly head: string,
        /** As SQL names them. */
        readonly columns: string[],
        readonly tuples: readonly InsertTuple[],
        /** What stands behind the rows. */
        public tail: string,
        private readonly parameters: readonly unknown[],
        /** Where the parameters of the rows begin and end, where they are found by their order. */
        private readonly ordered?: { readonly from: number; readonly to: number },
        private readonly limit?: ParameterLimit,
    ) {}

    /** The place of a column, which is added where the statement does not name it. */
    placeOf(column: string): number {
        const at = this.columns.indexOf(column)
        return at < 0 ? this.columns.push(column) - 1 : at
    }

    /** Lets the statement return a column; whether it did not before. */
    returnColumn(column: string): boolean {
        const [, returned] = /\bRETURNING (.*)$/s.exec(this.tail) ?? []
        if (returned?.split(", ").some((one) => one === column || one === "*")) return false
        this.tail += returned === undefined ? ` RETURNING ${column}` : `, ${column}`
        return true
    }

    /** Lets an upsert set a column of a stored row before all others. */
    setStored(update: string, column: string, valueOf: (table: string) => string): void {
        const [, name = ""] = TABLE.exec(this.head) ?? []
        this.tail = this.tail.replace(update, () => `${update}${column} = ${valueOf(name)}, `)
    }

    /** The same for one row, whose values may be those of a query before it, which is named `taken`. */
    writeTaken(begin: Beginning): Required<Statement> {
        const parameters = [...this.parameters]
        const { add, replace } = numbered(parameters)
        const [tuple] = this.tuples
        const cells = this.columns.flatMap((column, at) => {
            const sql = tuple?.sqlAt(at, add, replace) ?? "DEFAULT"
            return sql.endsWith("DEFAULT") ? [] : [{ column, sql }]
        })
        const names = cells.map(({ column }) => column).join(", ")
        const values = cells.map(({ sql }) => sql).join(", ")
        const sql = `${begin(add)} ${this.head}(${names}) SELECT ${values} FROM taken${this.tail}`
        return { sql, parameters }
    }

    write(): Required<Statement> {
        const { limit } = this
        const written = this.writeRows()
        // What TypeORM has sent fits: what is added to it must not make the difference.
        const isTooLong = limit !== undefined && written.parameters.length > limit.count
        return isTooLong ? this.writeRows(limit.literal) : written
    }

    private writeRows(literal?: ParameterLimit["literal"]): Required<Statement> {
        const { ordered } = this
        const parameters = ordered ? this.parameters.slice(0, ordered.from) : [...this.parameters]
        const keep = (value: unknown) => {
            parameters.push(value)
        }
        const { add, replace }: { add: Add; replace?: Replace } = ordered
            ? { add: (value) => (parameters.push(value), "?") }
            : numbered(parameters, literal)
        const rows = this.tuples.map((t) => t.write(this.columns.length, keep, add, replace))
        if (ordered) parameters.push(...this.parameters.slice(ordered.to))
        const sql = `${this.head}(${this.columns.join(", ")}) VALUES ${rows.join(", ")}${this.tail}`
        return { sql, parameters }
    }
}

function numbered(
    parameters: unknown[],
    literal?: ParameterLimit["literal"],
): { add: Add; replace: Replace } {
    return {
        add: (value) => literal?.(value) ?? `$${parameters.push(value)}`,
        replace: (at, value) => ((parameters[at] = value), `$${at + 1}`),
    }
}
