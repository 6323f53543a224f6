import type { SqlSyntax } from "../../dialects/dialect"
import { markedId } from "../../typeorm/marks"
import { NAME } from "../../typeorm/names"
import { InsertText, InsertTuple } from "./insert-text"
import { POSTGRES_TEXT } from "./postgres-text"

/** How an INSERT begins: the table that it goes into, as SQL names it, and where that ends. */
interface InsertStart {
    readonly table: string
    readonly end: number
}

/** @internal Undefined for other statements. */
export function insertStart(sql: string): InsertStart | undefined {
    const [start = "", table] = START.exec(sql) ?? []
    return table === undefined ? undefined : { table, end: start.length }
}

const NAMES = new RegExp(NAME, "g")
const QUOTED = new RegExp(`${NAME}|'(?:[^']|'')*'`, "g")
const START = new RegExp(
    `^(?:/\\*(?:[^*]|\\*(?!/))*\\*/\\s*)?(?:WITH\\b.*?)?INSERT\\s+(?:OR\\s+)?(?:IGNORE\\s+)?INTO (${NAME}(?:\\.${NAME})*)`,
    "s",
)
const COLUMNS = new RegExp(`\\((${NAME}(?:, ${NAME})*)\\) VALUES `, "y")
const ALIAS = new RegExp(` AS ${NAME}`, "y")

/**
 * Reads an INSERT that TypeORM has written; undefined where it has no list of values, or ends within it: the caller's
 * expressions may be anything, and what is wrong with them the database says.
 * @internal
 */
export function readInsert(
    sql: string,
    { end }: InsertStart,
    parameters: readonly unknown[],
    syntax: SqlSyntax,
): InsertText | undefined {
    const { hasNumberedParameters } = syntax
    ALIAS.lastIndex = end
    COLUMNS.lastIndex = end + (ALIAS.exec(sql)?.[0].length ?? 0)
    const list = COLUMNS.exec(sql)
    if (!list) return undefined
    const columns = list[1]?.match(NAMES) ?? []
    const head = sql.slice(0, list.index)
    const from = hasNumberedParameters ? 0 : head.replace(QUOTED, "").split("?").length - 1
    const reader = new TupleReader(sql, list.index + list[0].length, parameters, from, syntax)
    const tuples: InsertTuple[] = []
    do {
        const tuple = reader.tuple()
        if (!tuple) return undefined
        tuples.push(tuple)
    } while (reader.skip(", ("))
    const ordered = hasNumberedParameters ? undefined : { from, to: reader.nextParameter }
    const tail = sql.slice(reader.at)
    return new InsertText(head, [...columns], tuples, tail, parameters, ordered, syntax.limit)
}

const POSTGRES = new RegExp(POSTGRES_TEXT, "sy")
const WORD = /[\w$]/

const CODE = {
    space: 32,
    doubleQuote: 34,
    dollar: 36,
    quote: 39,
    open: 40,
    close: 41,
    comma: 44,
    slash: 47,
    zero: 48,
    nine: 57,
    question: 63,
    E: 69,
    backslash: 92,
    backtick: 96,
    e: 101,
}

/** Goes through the values of rows, one character after the other. */
class TupleReader {
    constructor(
        private readonly sql: string,
        public at: number,
        private readonly parameters: readonly unknown[],
        /** Where parameters are found by their order: the next one. */
        public nextParameter: number,
        private readonly syntax: SqlSyntax,
    ) {}

    /** Steps over a text, up to the parenthesis that ends it. */
    skip(text: string): boolean {
        if (!this.sql.startsWith(text, this.at)) return false
        this.at += text.length - 1
        return true
    }

    tuple(): InsertTuple | undefined {
        const { sql, syntax } = this
        const bounds: number[] = []
        const first: number[] | undefined = syntax.hasNumberedParameters ? undefined : []
        let marked: number | undefined
        this.at += 1
        for (;;) {
            const from = this.at
            first?.push(this.nextParameter)
            let depth = 0
            let code = sql.charCodeAt(from)
            while (depth > 0 || (code !== CODE.comma && code !== CODE.close)) {
                if (Number.isNaN(code)) return undefined
                if (code === CODE.quote || code === CODE.doubleQuote || code === CODE.backtick)
                    this.skipQuoted(code)
                else if (code === CODE.dollar || code === CODE.e || code === CODE.E)
                    this.skipPostgresText(code)
                else if (code === CODE.open) depth += 1
                else if (code === CODE.close) depth -= 1
                else if (code === CODE.question) this.nextParameter += 1
                this.at += 1
                code = sql.charCodeAt(this.at)
            }
            bounds.push(from, this.at)
            if (sql.charCodeAt(from) === CODE.slash) marked ??= markedId(sql.slice(from, this.at))
            this.at += 1
            if (code === CODE.close) {
                first?.push(this.nextParameter)
                return new InsertTuple(sql, bounds, marked, this.parameters, first, syntax.absent)
            }
            if (sql.charCodeAt(this.at) === CODE.space) this.at += 1
        }
    }

    /** Leaves off at the quote that ends it. A doubled one begins another text, which is as good. */
    private skipQuoted(quote: number): void {
        const { sql, syntax } = this
        for (this.at += 1; this.at < sql.length; this.at += 1) {
            const code = sql.charCodeAt(this.at)
            if (code === quote) return
            if (syntax.escapesByBackslash && code === CODE.backslash) this.at += 1
        }
    }

    /** The same, where one begins here. */
    private skipPostgresText(code: number): void {
        const { sql, at, syntax } = this
        const next = sql.charCodeAt(at + 1)
        // Most are the parameters of TypeORM, and the words DEFAULT.
        if (code === CODE.dollar ? next >= CODE.zero && next <= CODE.nine : next !== CODE.quote)
            return
        if (!syntax.hasNumberedParameters || WORD.test(sql.charAt(at - 1))) return
        POSTGRES.lastIndex = at
        this.at += Math.max((POSTGRES.exec(sql)?.[0].length ?? 0) - 1, 0)
    }
}
