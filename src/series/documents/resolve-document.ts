import type { EntityMetadata } from "typeorm"
import { type Refuse, refuserOf } from "../../declared/options"
import { type Format, refuseCharacters, tokensOf } from "../../declared/documents/document-options"
import { parseFormat, type Token } from "../../declared/documents/format"
import { type DocumentColumn, documents } from "../../declared/registry"
import { kindOfType } from "../../dialects/column-type"
import { dataSourceOf, findDeclaredColumns } from "../../typeorm/compat"
import { type ColumnMetadata, columnType } from "../../typeorm/names"
import { refuseUntakenOptions } from "../own-columns"
import { findPath, type Path } from "../path"
import { resolveScopeProperty } from "../scopes/scope-property"
import type { Document, ScopeProperty, Series } from "../series"
import { checkFormat, type FormatRules, refuseOverlap, widestText } from "./check-format"
import { pathsOfTokens } from "./document"

/** A column that holds the texts of a number. */
interface ShowingColumn {
    readonly column: ColumnMetadata
    readonly declared: DocumentColumn
}

/** @internal The columns that hold the texts of a number. */
export function showingColumns(
    metadata: EntityMetadata,
    number: ColumnMetadata,
): readonly ShowingColumn[] {
    const dataSource = dataSourceOf(metadata)
    return metadata.columns.flatMap((column) => {
        const declared = documents.find(column.target, column.propertyName, dataSource)
        refuseUntakenOptions(metadata, column, documents, ({ options }) => options)
        const isBeside = column.embeddedMetadata === number.embeddedMetadata
        return declared?.options.of === number.propertyName && isBeside
            ? [{ column, declared }]
            : []
    })
}

/** @internal Resolves the text of a number against the metadata of its entity, or refuses it. */
export function resolveDocument(
    series: Series,
    { column, declared: { target, propertyName, options } }: ShowingColumn,
    isFirst: boolean,
): Document {
    const { metadata, dialect, dataSource, strategy } = series
    const place = `${metadata.name}.${column.propertyPath}`
    const refuse = refuserOf(place)
    if (findDeclaredColumns(target, propertyName).length > 1)
        refuse("another decorator declares this column as well. Remove that one.")
    const { format, maxLength, isLimited, characters } = options
    const known = tokensOf(format)
    const showsCode = hasCode(format)
    if (strategy === "trigger" && format.kind === "function")
        refuse(
            'format as a function needs strategy "counter" or "table-lock", because with "trigger" the database ' +
                "writes the text. Give a format, or several with by.",
        )
    const unique = uniqueProperties(series, column, options.uniqueWith)
    const names = known.flatMap(pathsOfTokens)
    const paths = pathsOf(metadata, format.kind === "by" ? [...names, format.by] : names, refuse)
    const rules: FormatRules = {
        series,
        unique,
        by: format.kind === "by" ? format.by : undefined,
        paths,
        refuse,
    }
    for (const tokens of known) {
        checkFormat(tokens, rules)
        if (isLimited) refuseTooLong(tokens, maxLength, rules)
    }
    if (format.kind === "by") refuseOverlap(format.formats, rules)
    // What the number is, the text is.
    column.isNullable = series.column.isNullable
    Object.assign(column, (dialect as typeof dialect | undefined)?.keyCollation)
    return {
        get name() {
            return series.name
        },
        series,
        dataSource,
        metadata,
        column,
        dialect,
        scope: unique,
        scopeColumns: unique.flatMap(({ columns }) => columns),
        format,
        paths,
        maxLength,
        isLimited,
        characters,
        hasSettings: isFirst && series.settings && strategy !== "trigger",
        showsCode,
        place,
    }
}

/** The kind that a format is for, where its scope says one, and the formats of the others. */
interface Beside {
    readonly kind: string
    readonly others: ReadonlyMap<string, readonly (readonly Token[])[]>
}

/** @internal Refuses a format that is to be set while the application runs. */
export function refuseFormat(
    document: Document,
    format: string,
    refuse: Refuse,
    beside?: Beside,
): void {
    const { series, paths, characters, maxLength, isLimited, scope } = document
    const tokens = parseFormat(format, refuse)
    const other = pathsOfTokens(tokens).find((path) => !paths.has(path))
    if (other !== undefined)
        refuse(
            `format shows ${other}, which no declared format of ${document.place} shows. It can show ` +
                `${[...paths.keys()].join(", ") || "no property"}, dates and numbers.`,
        )
    refuseCharacters(tokens, characters, refuse)
    const by = beside && document.format.kind === "by" ? document.format.by : undefined
    const rules: FormatRules = { series, unique: scope, by, paths, refuse }
    checkFormat(tokens, rules)
    if (isLimited) refuseTooLong(tokens, maxLength, rules)
    if (!beside) return
    for (const [other, formats] of beside.others)
        for (const one of formats)
            refuseOverlap(
                new Map([
                    [beside.kind, tokens],
                    [other, one],
                ]),
                rules,
            )
}

function refuseTooLong(tokens: readonly Token[], maxLength: number, rules: FormatRules): void {
    const widest = widestText(tokens, rules)
    if (widest > maxLength)
        rules.refuse(
            `format makes a text of ${widest} characters for the largest number (${rules.series.max}), and ` +
                `maxLength is ${maxLength}. Set largest to the largest number that you expect, or shorten the format.`,
        )
}

function uniqueProperties(
    series: Series,
    column: ColumnMetadata,
    uniqueWith: readonly string[] | undefined,
): readonly ScopeProperty[] {
    if (uniqueWith)
        return uniqueWith.map((path) =>
            resolveScopeProperty(series.metadata, column.propertyPath, path),
        )
    return series.scope.filter(({ columns: [first] }) => first !== series.period?.column)
}

/** Finds what tokens name, or refuses it. */
function pathsOf(
    metadata: EntityMetadata,
    names: readonly string[],
    refuse: (problem: string) => never,
): Map<string, Path> {
    const found = new Map<string, Path>()
    for (const name of names) {
        const path = findPath(metadata, name)
        if (!path)
            return refuse(
                `there is no property "${name}" with a column, nor a relation with a foreign key that leads to one. The entity has ${[
                    ...new Set(metadata.columns.map(({ propertyPath }) => propertyPath)),
                ].join(", ")}.`,
            )
        if (!isShown(path.column))
            refuse(
                `"${name}" is of type ${columnType(path.column)}, and a text can show only strings, integers and ` +
                    "enums.",
            )
        found.set(name, path)
    }
    return found
}

/** @internal Whether a text shows what is set while the application runs. */
export function needsSettings({ options: { format } }: DocumentColumn): boolean {
    return hasCode(format)
}

function hasCode(format: Format): boolean {
    return tokensOf(format).some((tokens) => tokens.some(({ kind }) => kind === "code"))
}

function isShown(column: ColumnMetadata): boolean {
    const type = columnType(column)
    const kind = kindOfType(type)
    return (
        !column.isArray &&
        // To the database these are texts as well.
        !/^simple-(array|json)$/.test(String(column.type)) &&
        (kind === "text" || kind === "integer" || kind === "uuid" || /enum/.test(type))
    )
}

/** @internal The largest number that texts have room for; undefined where no options say so. */
export function largestShown(shown: readonly ShowingColumn[]): bigint | undefined {
    const all = shown.flatMap(({ declared }) => declared.options.largest ?? [])
    return all.length > 0 ? all.reduce((a, b) => (a < b ? a : b)) : undefined
}
