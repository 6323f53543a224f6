import type { Token } from "../../declared/documents/format"
import type { Dialect } from "../../dialects/dialect"
import { type ColumnMetadata, ofRow } from "../../typeorm/names"
import { type Path, pathSql } from "../path"
import { isPeriodic, periodDay, periodSql } from "../periods/period-sql"
import type { Document } from "../series"
import type { DocumentFrame } from "./document"

/** @internal A text as SQL, of a number that is known to SQL alone. */
export function frameSql(
    { expressions: { concat, literal, padded } }: Pick<Dialect, "expressions">,
    { before, width, after }: DocumentFrame,
    number: string,
): string {
    return concat(
        ...(before ? [literal(before)] : []),
        padded(number, width),
        ...(after ? [literal(after)] : []),
    )
}

/** What SQL knows of a row that is about to be numbered. */
interface RowSql {
    readonly nameOf: (column: ColumnMetadata) => string
    readonly number: string
    /** The day of its date. */
    readonly day?: string
    /** The name of its period. */
    readonly period?: string
    /** The code that is registered for its scope. */
    readonly code?: string
    /** In which tables are whose entities name no schema. */
    readonly schema?: string
}

/** @internal The text of a row as SQL; NULL where something that it shows is not set. Undefined where only a function knows it. */
export function documentSql(document: Document, row: RowSql): string | undefined {
    return ofFormat(document, row, (tokens) => tokensSql(document, tokens, row))
}

/** What is made of the format of a row, as SQL. */
function ofFormat(
    { format, paths, dialect }: Document,
    row: RowSql,
    make: (tokens: readonly Token[]) => string,
): string | undefined {
    if (format.kind === "function") return undefined
    if (format.kind === "fixed") return make(format.tokens)
    const { text, literal } = dialect.expressions
    const by = text(pathSql(paths.get(format.by) as Path, row.nameOf, row.schema))
    const ways = [...format.formats].map(
        ([value, tokens]) => `WHEN ${literal(value)} THEN ${make(tokens)}`,
    )
    return `CASE ${by} ${ways.join(" ")} END`
}

/** @internal The text of a stored row `t`; undefined where SQL can't make it. */
export function textSql(
    document: Document,
    number = ofRow(document.series.column),
): string | undefined {
    const { series } = document
    return documentSql(document, {
        nameOf: ofRow,
        number,
        day: isPeriodic(series) ? periodDay(series) : undefined,
        period: series.period && ofRow(series.period.column),
    })
}

/** @internal What SQL reads in the text of a stored row `t` that has no number yet. */
export interface ReadText {
    /** What stands behind all that the row itself tells. */
    readonly number: string
    /** The text of this number; that of the row is another one where no format makes it. */
    readonly text: string
}

/** @internal Undefined where SQL can't make such texts. */
export function readTextSql(document: Document): ReadText | undefined {
    const { series, column, showsCode, dialect } = document
    const { length, leadingNumber, literal } = dialect.expressions
    const row = {
        nameOf: ofRow,
        number: "NULL",
        day: isPeriodic(series) ? periodDay(series) : undefined,
        period: isPeriodic(series) ? periodSql(series) : undefined,
    }
    const numberOf = (tokens: readonly Token[]) => {
        const at = tokens.findIndex(({ kind }) => kind === "number")
        const before = at > 0 ? tokensSql(document, tokens.slice(0, at), row) : literal("")
        return leadingNumber(`SUBSTR(${ofRow(column)}, ${length(before)} + 1)`)
    }
    const number = ofFormat(document, row, numberOf)
    const text = ofFormat(document, row, (tokens) =>
        tokensSql(document, tokens, { ...row, number: numberOf(tokens) }),
    )
    return showsCode || number === undefined || text === undefined ? undefined : { number, text }
}

function tokensSql(document: Document, tokens: readonly Token[], row: RowSql): string {
    const { concat } = document.dialect.expressions
    return concat(...tokens.map((token) => tokenSql(document, token, row)))
}

function tokenSql({ dialect, paths }: Document, token: Token, row: RowSql): string {
    const { expressions, periods } = dialect
    switch (token.kind) {
        case "text":
            return expressions.literal(token.text)
        case "number":
            return expressions.padded(row.number, token.width)
        case "code":
            return row.code ?? "NULL"
        case "date":
            if (token.part !== "fiscalYear") return periods.part(row.day ?? "NULL", token)
            return periods.yearOf(row.period ?? "NULL", token)
        case "value": {
            const value = expressions.text(
                pathSql(paths.get(token.path) as Path, row.nameOf, row.schema),
            )
            return `NULLIF(${value}, '')`
        }
    }
}
