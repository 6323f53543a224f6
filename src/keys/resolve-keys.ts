import type { EntityMetadata } from "typeorm"
import { KEY_ENTITY } from "../declared/own-tables"
import { dialectOf } from "../dialects"
import type { Dialect } from "../dialects/dialect"
import { InvalidOptionError, UnsupportedError } from "../errors"
import { oncePer } from "../once-per"
import {
    sealedKeys,
    type SealedKeyProperty,
    type StoredKeyColumn,
    storedKeys,
} from "../declared/registry"
import { isOwnColumn, lineageOf, refuseUntakenOptions } from "../series/own-columns"
import { resolveScopeProperty } from "../series/scopes/scope-property"
import { seriesName, tableNameBeside } from "../series/series-name"
import { columnType } from "../typeorm/names"
import { dataSourceOf, findDeclaredColumns } from "../typeorm/compat"
import { MAX_LENGTH } from "../declared/keys/key-form"
import {
    readsBy,
    refuseReusedNumbers,
    refuseUnseenNumbers,
    scopeOfNumbers,
} from "./derive/number-scope"
import { relationTreeOf } from "./derive/relation-tree"
import { generatorOf } from "./free/generate"
import type { PseudoKeys, SealedKey, StoredKey } from "./pseudo-key"
import { keySealOf } from "./sealed/composite-seal"
import type { SealedType } from "./sealed/seal"

/** @internal The pseudo keys of an entity, its parents' included. */
export const pseudoKeysOf = oncePer((metadata: EntityMetadata): PseudoKeys => {
    const dataSource = dataSourceOf(metadata)
    const stored = metadata.columns.flatMap((column) => {
        const declared = storedKeys.find(column.target, column.propertyName, dataSource)
        const embedded = column.embeddedMetadata?.propertyPath
        refuseUntakenOptions(metadata, column, storedKeys, ({ options }) => options)
        return declared ? resolveStoredKey(metadata, declared, embedded) : []
    })
    const sealed = lineageOf(metadata.target)
        .flatMap((target) => sealedKeys.of(target))
        .filter((one) => sealedKeys.find(one.target, one.propertyName, dataSource) === one)
        .map((declared) => resolveSealedKey(metadata, declared))
    return { stored, sealed }
})

/** @internal The keys that rows of an entity have in columns. */
export const storedKeysOf = oncePer((metadata: EntityMetadata): readonly StoredKey[] =>
    pseudoKeysOf(metadata).stored.filter(({ column }) =>
        isOwnColumn(column, metadata.target, storedKeys),
    ),
)

/** @internal Resolves a key in a column against the metadata of one data source, or refuses it. */
export function resolveStoredKey(
    metadata: EntityMetadata,
    { target, propertyName, options }: StoredKeyColumn,
    embeddedPath?: string,
): StoredKey {
    const propertyPath = embeddedPath ? `${embeddedPath}.${propertyName}` : propertyName
    const column = metadata.columns.find((c) => c.propertyPath === propertyPath)
    if (!column || findDeclaredColumns(target, propertyName).length > 1)
        throw new InvalidOptionError(
            `${metadata.name}.${propertyPath} is a pseudo key, but another decorator declares it as ` +
                "well. Remove that one: @PseudoKey takes the column's options itself.",
        )
    const { head, formerHeads, generate, derive, suffix, relations, isAfterInsert, history } =
        options
    const dataSource = dataSourceOf(metadata)
    const generator = generatorOf(options)
    refuseUnseenNumbers(metadata, column, derive)
    if (history === "forever") refuseReusedNumbers(metadata, column, derive)
    const uniqueWith = options.uniqueWith ?? scopeOfNumbers(metadata, column, derive)
    const scope = uniqueWith.map((p) => resolveScopeProperty(metadata, propertyPath, p))
    const scopeColumns = scope.flatMap(({ columns }) => columns)
    if (history !== false) {
        refuseScopeOfHistory(metadata, propertyPath, scopeColumns)
        refusePrimaryKeyOfHistory(metadata, propertyPath)
    }
    if (options.follows) refuseUnnamedRelations(metadata, column, options)
    let isRead: ((path: string) => boolean) | undefined
    return {
        get name() {
            return options.series ?? seriesName(column, KEY_ENTITY)
        },
        label: `${metadata.name}.${propertyPath}`,
        dataSource,
        // Where there is none, it is refused before it is asked.
        dialect: dialectOf(dataSource) as Dialect,
        metadata,
        column,
        propertyPath,
        head,
        formerHeads,
        scope,
        scopeColumns,
        generate: () => head + generator.generate(),
        isUnique: generator.isUnique,
        format: generator.format,
        generateFor: generate,
        derive,
        follows: options.follows,
        reads({ propertyPath: path, relationMetadata: relation }) {
            isRead ??= derive ? readsBy(metadata, column, derive) : () => false
            return isRead(path) || (relation !== undefined && isRead(relation.propertyPath))
        },
        slug: options.slug,
        separator: options.slug.separator ?? "-",
        longest: options.length ? head.length + options.length : MAX_LENGTH,
        suffix,
        letters: options.letters,
        isUuid: options.isUuid,
        pattern: options.pattern,
        isReserved: (text) => options.reserved.has(text.toLowerCase()),
        relations: relationTreeOf(metadata, propertyPath, relations),
        isAfterInsert,
        history,
    }
}

/** Whether a relation that is not loaded has changed is not to be told. */
function refuseUnnamedRelations(
    metadata: EntityMetadata,
    column: StoredKey["column"],
    { derive, relations }: StoredKeyColumn["options"],
): void {
    const isRead = derive && readsBy(metadata, column, derive)
    const unnamed = metadata.relations.find(
        ({ propertyPath: path }) =>
            isRead?.(path) && !relations.some((one) => one.split(".")[0] === path),
    )
    if (unnamed)
        throw new InvalidOptionError(
            `derive of ${metadata.name}.${column.propertyPath} follows ${unnamed.propertyPath}, which is not loaded. ` +
                `Name it: relations: ["${unnamed.propertyPath}"].`,
        )
}

/** The history keeps the scope of a key as text, and a look-up has to make the same one. */
function refuseScopeOfHistory(
    metadata: EntityMetadata,
    propertyPath: string,
    columns: StoredKey["scopeColumns"],
): void {
    const dialect = dialectOf(dataSourceOf(metadata))
    const unfit = columns.find(
        (column) => !/int|char|text|uuid|bool|enum/i.test(columnType(column)),
    )
    if (dialect && unfit)
        throw new UnsupportedError(
            `${metadata.name}.${propertyPath} has a history, and ${unfit.propertyPath} of its ` +
                `uniqueWith is of type ${columnType(unfit)}. Use columns of integers, texts, UUIDs, ` +
                "booleans or enums.",
        )
}

/** The history keeps the primary key of a row as text, and the row is found by it. */
function refusePrimaryKeyOfHistory(metadata: EntityMetadata, propertyPath: string): void {
    const dialect = dialectOf(dataSourceOf(metadata))
    const unfit = metadata.primaryColumns.find((column) => !dialect?.keys.identity(column))
    if (dialect && unfit)
        throw new UnsupportedError(
            `${metadata.name}.${propertyPath} has a history, and ${unfit.propertyPath} of the primary key ` +
                `is of type ${columnType(unfit)}. Use a primary key of integers, texts, UUIDs, decimals, ` +
                "dates, booleans, enums or bytes.",
        )
}

/** @internal Resolves a key without a column against the metadata of one data source, or refuses it. */
export function resolveSealedKey(
    metadata: EntityMetadata,
    { target, propertyName, options }: SealedKeyProperty,
): SealedKey {
    const place = `${metadata.name}.${propertyName}`
    const paths = metadata.primaryColumns.map(({ propertyPath }) => propertyPath)
    // Their order is that of the option: those of classes are written in another one now and then.
    const columns = options.columns.flatMap(
        (path) => metadata.primaryColumns.find((one) => one.propertyPath === path) ?? [],
    )
    if ([...paths].sort().join() !== [...options.columns].sort().join())
        throw new InvalidOptionError(
            `seal.column of ${place} is "${options.columns.join(", ")}", and the primary key is ` +
                `${paths.join(", ")}. Name all of its properties.`,
        )
    if (
        findDeclaredColumns(target, propertyName).length > 0 ||
        metadata.columns.some((c) => c.propertyPath === propertyName)
    )
        throw new InvalidOptionError(
            `${place} is a sealed key, which has no column, but another decorator declares one. ` +
                "Remove that one.",
        )
    const types = columns.map((column) => {
        const type = sealedTypeOf(column)
        if (type) return type
        throw new UnsupportedError(
            `${place} seals ${column.propertyPath}, which is of type ${columnType(column)}. Only ` +
                "integers and UUIDs can be sealed.",
        )
    })
    const { head, formerHeads, context } = options
    const secrets = options.secrets()
    // Neither changes by itself, as the names of classes do that are minified. No table is named so as a
    // prefix is here.
    const contextOf = (prefix: string) =>
        context ?? (prefix === "" ? tableNameBeside(metadata) : `${prefix.slice(0, -1)}\0`)
    const sealOf = (prefix: string) => keySealOf(types, secrets, contextOf(prefix))
    return {
        metadata,
        columns,
        propertyPath: propertyName,
        head,
        formerHeads,
        seals: [head, ...formerHeads].map((one) => ({ head: one, seal: sealOf(one) })),
    }
}

function sealedTypeOf(column: StoredKey["column"]): SealedType | undefined {
    // Not every database has a type of its own for it.
    if (column.type === "uuid" || column.generationStrategy === "uuid") return "uuid"
    const type = columnType(column)
    if (type === "uuid") return "uuid"
    // An interval is none, nor is a range.
    return /\b(tiny|small|medium|big)?int(eger|\d)?\b/i.test(type) ? "integer" : undefined
}
