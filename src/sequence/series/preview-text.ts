import { tokensOf } from "../../declared/documents/document-options"
import type { DatePart, Token } from "../../declared/documents/format"
import type { PeriodUnit } from "../../declared/numbers/period-options"
import { dialectOf } from "../../dialects"
import { formatOn } from "../../numbers/documents/row-frame"
import {
    type ScopeSettings,
    settingsOfScopes,
    showsSettings,
} from "../../numbers/documents/scope-settings"
import { shownText } from "../../numbers/number-values"
import { documentText } from "../../series/documents/document"
import { frameOf } from "../../series/documents/frame"
import { type Path, pathSql } from "../../series/path"
import type { CivilDate } from "../../series/periods/civil-date"
import { firstDayOf } from "../../series/periods/period-name"
import type { Document, Series } from "../../series/series"
import { Parameters } from "../../typeorm/rows/parameters"
import type { Sender } from "../../typeorm/statement"
import { columnScope, columnValues, type SequenceKey } from "../scope"
import { periodNames, type Read } from "./scope-period"

/** @internal What is known of a row that is still to come. */
export interface ComingRow {
    /** The values of its scope and of other properties, by their paths. */
    readonly given: ReadonlyMap<string, unknown>
    /** That of its date, where one is given. */
    readonly day?: CivilDate
    /** The name of its period. */
    readonly period?: string
    /** What is registered for its scope. */
    readonly settings?: ScopeSettings
}

/** What the name of a period tells of a date. */
const TOLD: Readonly<Record<PeriodUnit, readonly DatePart[]>> = {
    year: ["year"],
    fiscalYear: ["fiscalYear"],
    quarter: ["year", "quarter"],
    month: ["year", "quarter", "month"],
    day: ["year", "quarter", "month", "day"],
}

/** @internal Takes out of a scope what only texts show. */
export function splitScope<Scope extends object>(
    { documents, scope, period }: Series,
    given: Scope,
): { readonly counted: Scope; readonly shown: ReadonlyMap<string, unknown> } {
    const counted = [...scope.map(({ path }) => path), ...(period ? periodNames(period) : [])]
    const names = documents.flatMap(({ paths }) => [...paths.keys()])
    const isShown = ([name]: [string, unknown]) => names.includes(name) && !counted.includes(name)
    const entries = Object.entries<unknown>((given as Scope | undefined) ?? {})
    return {
        counted: Object.fromEntries(entries.filter((one) => !isShown(one))) as Scope,
        shown: new Map(entries.filter(isShown)),
    }
}

/** @internal The settings registered for a scope, if its texts show any. */
export async function settingsOfKey(
    sender: Sender,
    series: Series,
    key: SequenceKey,
): Promise<ScopeSettings | undefined> {
    if (!showsSettings(series)) return undefined
    const scope = columnScope(series, key)
    return (await settingsOfScopes(sender, series, [scope])).get(scope)
}

/**
 * The text of the next number, as far as it can be told: tokens of what is not known stay as they are.
 * @internal
 */
export async function previewText(
    read: Read,
    series: Series,
    { given, day, settings, period: name }: ComingRow,
    number: bigint,
): Promise<string> {
    const [document] = series.documents
    if (!document) return shownText(series, number)
    const { format } = document
    const chosen =
        format.kind === "by" ? format.formats.get(String(given.get(format.by))) : undefined
    const set = formatOn(document, settings, day)
    const tokens = set ?? (format.kind === "by" ? chosen : tokensOf(format)[0])
    if (!tokens) return String(number)
    const texts = new Map<string, string>()
    for (const [name, path] of document.paths) {
        const value = await valueOf(read, document, path, given)
        if ((value ?? null) !== null) texts.set(name, String(value))
    }
    const { period } = document.series
    const told = period && name !== undefined ? firstDayOf(name, period.rule) : undefined
    const known = tokens.map((token): Token => {
        const isOpen =
            token.kind === "date" && !day && !TOLD[period?.rule.by ?? "day"].includes(token.part)
        return isOpen ? { kind: "text", text: token.source } : token
    })
    const values = { day: day ?? told, code: settings?.code, texts, isPartial: true }
    return documentText(frameOf(document, known, values), number)
}

async function valueOf(
    read: Read,
    { dataSource }: Document,
    path: Path,
    given: ReadonlyMap<string, unknown>,
): Promise<unknown> {
    const [relation] = path.relations
    if (!relation) return given.get(path.path)
    const value = given.get(relation.propertyPath)
    if (value === undefined || value === null) return undefined
    const { driver } = dataSource
    const columns = relation.joinColumns
    const values = columnValues(
        { path: relation.propertyPath, columns },
        value,
        () => undefined as never,
    )
    const parameters = new Parameters(dataSource)
    const sql = pathSql(path, (column) => {
        const { own } = values[columns.indexOf(column)] ?? {}
        return parameters.add(driver.preparePersistentValue(own, column))
    })
    const { text = String } = dialectOf(dataSource)?.expressions ?? {}
    const [found] = await read<{ shown: unknown }>({
        sql: `SELECT ${text(sql)} AS ${driver.escape("shown")}`,
        parameters: parameters.values,
    })
    return found?.shown
}
