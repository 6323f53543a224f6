import type { EntityMetadata } from "typeorm"
import { literalOf } from "./insert-text"
import { dataSourceOf } from "../../typeorm/compat"
import { type ColumnMetadata, columnName, tableName } from "../../typeorm/names"
import type { Statement } from "../../typeorm/statement"

/** @internal SQL with the values of its parameters: one text more than there are values. */
export interface Piece {
    readonly texts: readonly string[]
    readonly values: readonly unknown[]
}

/** @internal Joins SQL and pieces of it. */
export function piece(texts: readonly string[], ...inner: readonly Piece[]): Piece {
    const joined: string[] = [texts[0] ?? ""]
    for (const [at, one] of inner.entries()) {
        const [first = "", ...others] = one.texts
        joined.push(`${joined.pop() ?? ""}${first}`, ...others)
        joined.push(`${joined.pop() ?? ""}${texts[at + 1] ?? ""}`)
    }
    return { texts: joined, values: inner.flatMap(({ values }) => values) }
}

/** @internal SQL without parameters. */
export function plain(sql: string): Piece {
    return { texts: [sql], values: [] }
}

/** @internal A value, as the driver sends it. */
export function parameter(value: unknown): Piece {
    return { texts: ["", ""], values: [value] }
}

/** @internal What a piece stands for: a value as the driver sends it, or undefined for an expression. */
export function valueOfPiece({ texts, values }: Piece): unknown {
    const [before = "", after = ""] = texts
    if (texts.length === 1) return literalOf(before)?.value
    return texts.length === 2 && before === "" && after.trim() === "" ? values[0] : undefined
}

/** @internal Pieces with the same text between them. */
export function list(pieces: readonly Piece[], between: string): Piece {
    return piece(["", ...pieces.slice(1).map(() => between), ""], ...pieces)
}

/**
 * An UPDATE of TypeORM's query builder that is about to be sent; or a DELETE, which sets nothing.
 * @internal
 */
export class Update {
    private readonly conditions: Piece[] = []

    constructor(
        /** Of the classes of a table, the root. */
        readonly metadata: EntityMetadata,
        private readonly head: string,
        /** What it sets columns to, by the names that SQL has for them. */
        private sets: ReadonlyMap<string, Piece>,
        private readonly where: Piece | undefined,
        /** ORDER BY and LIMIT, which also tell the rows that it is about. */
        private readonly limit: Piece,
        private readonly returning: Piece,
    ) {}

    get isDeletion(): boolean {
        return this.sets.size === 0
    }

    valueOf(column: ColumnMetadata): Piece | undefined {
        return this.sets.get(columnName(column))
    }

    /** Sets a column to a value, as the driver sends it. */
    set(column: ColumnMetadata, value: unknown): void {
        this.setFirst(column, parameter(value))
    }

    /** Leaves a column as it is. */
    unset(column: ColumnMetadata): void {
        const name = columnName(column)
        this.sets = new Map([...this.sets].filter(([other]) => other !== name))
    }

    /** Sets a column of some rows, each to a value of its own; the others get what the statement says. */
    setEach(
        column: ColumnMetadata,
        rows: readonly { readonly isRow: Piece; readonly value: unknown }[],
    ): void {
        const name = columnName(column)
        const set = this.sets.get(name)
        const ways = rows.map(({ isRow, value }) =>
            piece([" WHEN ", " THEN ", ""], isRow, parameter(value)),
        )
        // Nothing else would tell the type of the values.
        const others = set
            ? piece([` WHEN 1 = 0 THEN ${name} ELSE `, ""], set)
            : plain(` ELSE ${name}`)
        this.setFirst(column, piece(["CASE", "", " END"], list(ways, ""), others))
    }

    /** Some databases go through the columns in order, and take what is new of those before. */
    private setFirst(column: ColumnMetadata, value: Piece): void {
        const name = columnName(column)
        const others = [...this.sets].filter(([other]) => other !== name)
        this.sets = new Map([[name, value], ...others])
    }

    /** The same statement for some of its rows. */
    part(condition: Piece): Update {
        const part = new Update(
            this.metadata,
            this.head,
            new Map(this.sets),
            this.where,
            this.limit,
            this.returning,
        )
        part.conditions.push(...this.conditions, condition)
        return part
    }

    /** Whether it is about the first rows only. */
    get isLimited(): boolean {
        return this.limit.texts.join("") !== ""
    }

    /** Leaves out rows for which a condition does not hold. */
    and(condition: Piece): void {
        this.conditions.push(condition)
    }

    /** A query over the rows that the statement is about, in an order unless it has one of its own. */
    select(columns: Piece, end: string, orderBy = ""): Required<Statement> {
        const from = plain(` FROM ${tableName(this.metadata)}`)
        const { where, limit } = this
        const order = limit.texts[0]?.startsWith(" ORDER BY ") ? "" : orderBy
        return this.render(
            piece(
                ["SELECT ", "", "", order, end],
                columns,
                from,
                where ? piece([" WHERE ", ""], where) : plain(""),
                limit,
            ),
        )
    }

    write(): Required<Statement> {
        const sets = [...this.sets].map(([column, value]) => piece([`${column} = `, ""], value))
        const all = [...(this.where ? [this.where] : []), ...this.conditions]
        const wrapped = all.length > 1 ? all.map((one) => piece(["(", ")"], one)) : all
        const where = all.length > 0 ? piece([" WHERE ", ""], list(wrapped, " AND ")) : plain("")
        const { limit, returning } = this
        return this.render(
            piece([this.head, "", "", "", ""], list(sets, ", "), where, limit, returning),
        )
    }

    private render({ texts, values }: Piece): Required<Statement> {
        const { driver } = dataSourceOf(this.metadata)
        const sql = texts.reduce((sql, text, at) => sql + driver.createParameter("", at - 1) + text)
        return { sql, parameters: [...values] }
    }
}
