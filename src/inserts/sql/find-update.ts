import type { DataSource } from "typeorm"
import { dialectOf } from "../../dialects"
import type { SqlSyntax } from "../../dialects/dialect"
import { NAME } from "../../typeorm/names"
import { POSTGRES_TEXT } from "./postgres-text"
import { metadatasOf } from "./metadatas-of"
import { type Piece, Update } from "./update"

const TABLE = `(${NAME}(?:\\.${NAME})*)`
const START = new RegExp(
    `^(?:/\\*(?:[^*]|\\*(?!/))*\\*/\\s*)?(?:UPDATE ${TABLE} SET |DELETE FROM ${TABLE})`,
)
const COLUMN = new RegExp(`^(${NAME}) = `)

/**
 * Reads an UPDATE or DELETE that TypeORM has written, where it is one of an entity; undefined for others.
 * @internal
 */
export function findUpdate(
    dataSource: DataSource,
    sql: string,
    parameters: readonly unknown[],
): Update | undefined {
    const [head, updated, table = updated] = START.exec(sql) ?? []
    const dialect = head === undefined ? undefined : dialectOf(dataSource)
    if (head === undefined || table === undefined || !dialect) return undefined
    const metadatas = metadatasOf(dataSource, table)
    const metadata = metadatas.find(({ tableType }) => tableType !== "entity-child")
    if (!metadata) return undefined
    const clauses = readClauses(sql.slice(head.length), parameters, dialect.syntax)
    const sets = new Map<string, Piece>()
    for (const assignment of updated === undefined ? [] : (clauses?.SET ?? [])) {
        const [text = "", ...texts] = assignment.texts
        const [start, column] = COLUMN.exec(text) ?? []
        if (start === undefined || column === undefined) return undefined
        sets.set(column, { ...assignment, texts: [text.slice(start.length), ...texts] })
    }
    if (!clauses) return undefined
    const { WHERE, LIMIT, RETURNING } = clauses
    return new Update(metadata, head, sets, WHERE[0], LIMIT[0] ?? NOTHING, RETURNING[0] ?? NOTHING)
}

const NOTHING: Piece = { texts: [""], values: [] }

type Clause = "SET" | "WHERE" | "LIMIT" | "RETURNING"

interface OpenPiece {
    readonly texts: string[]
    readonly values: unknown[]
}

/** The clauses behind SET: assignments, and what follows as one piece each. */
function readClauses(
    sql: string,
    parameters: readonly unknown[],
    { hasNumberedParameters, escapesByBackslash }: SqlSyntax,
): Record<Clause, OpenPiece[]> | undefined {
    const token = new RegExp(
        [
            escapesByBackslash ? `'(?:[^'\\\\]|\\\\.|'')*'` : `'(?:[^']|'')*'`,
            NAME,
            hasNumberedParameters ? `\\$(\\d+)` : `(\\?)`,
            `[(),]`,
            ` (?:(WHERE|RETURNING)|ORDER BY|LIMIT) `,
            ...(hasNumberedParameters ? [`(?<![\\w$])(?:${POSTGRES_TEXT})`] : []),
        ].join("|"),
        "gs",
    )
    const clauses: Record<Clause, OpenPiece[]> = { SET: [], WHERE: [], LIMIT: [], RETURNING: [] }
    let clause = "SET" as Clause
    let current: OpenPiece = { texts: [""], values: [] }
    clauses.SET.push(current)
    let depth = 0
    let from = 0
    let nextParameter = 0
    const addText = (to: number) => {
        current.texts.push(`${current.texts.pop() ?? ""}${sql.slice(from, to)}`)
    }
    const begin = (next: Clause) => {
        current = { texts: [""], values: [] }
        clauses[(clause = next)].push(current)
    }
    for (const match of sql.matchAll(token)) {
        const [text, parameter, named] = match
        const end = match.index + text.length
        if (parameter !== undefined) {
            addText(match.index)
            const at = hasNumberedParameters ? Number(parameter) - 1 : nextParameter++
            current.texts.push("")
            current.values.push(parameters[at])
            from = end
        } else if (text === "(") depth += 1
        else if (text === ")") depth -= 1
        else if (depth > 0) continue
        else if (text === "," && clause === "SET") {
            addText(match.index)
            begin("SET")
            from = sql[end] === " " ? end + 1 : end
        } else if (text.startsWith(" ")) {
            const next = (named as "WHERE" | "RETURNING" | undefined) ?? "LIMIT"
            if (next === clause) continue
            addText(match.index)
            begin(next)
            from = next === "WHERE" ? end : match.index
        }
    }
    addText(sql.length)
    return depth === 0 ? clauses : undefined
}
