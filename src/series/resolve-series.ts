import type { EntityMetadata } from "typeorm"
import { COUNTER_ENTITY } from "../declared/own-tables"
import { dialectOf } from "../dialects"
import type { Dialect } from "../dialects/dialect"
import { refuserOf } from "../declared/options"
import { defaultStrategyOf } from "../declared/data-source-options"
import { refuseUntaken } from "../declared/numbers/strategies"
import { InvalidOptionError } from "../errors"
import { oncePer } from "../once-per"
import { type NumberedColumn, numbers } from "../declared/registry"
import { dataSourceOf, findDeclaredColumns } from "../typeorm/compat"
import {
    largestShown,
    needsSettings,
    resolveDocument,
    showingColumns,
} from "./documents/resolve-document"
import { refuseUntakenOptions } from "./own-columns"
import { refuseDeletedByForeignKey } from "./deleted-by-foreign-key"
import { type Period, resolvePeriod } from "./periods/resolve-period"
import { resolveScopeProperty } from "./scopes/scope-property"
import type { Document, ScopeProperty, Series } from "./series"
import { resolveCondition } from "./when/resolve-condition"
import { seriesName } from "./series-name"

const MAX = { int: 2n ** 31n - 1n, bigint: 2n ** 63n - 1n }
/** @internal The series of an entity, its parents' included. */
export const seriesOf = oncePer((metadata: EntityMetadata): readonly Series[] => {
    const dataSource = dataSourceOf(metadata)
    return metadata.columns.flatMap((column) => {
        const numbered = numbers.find(column.target, column.propertyName, dataSource)
        const embedded = column.embeddedMetadata?.propertyPath
        refuseUntakenOptions(metadata, column, numbers, (one) => one.numbering)
        return numbered ? resolveSeries(metadata, numbered, embedded) : []
    })
})

/** @internal Resolves a numbered column against the metadata of one data source, or refuses it. */
export function resolveSeries(
    metadata: EntityMetadata,
    { target, propertyName, numbering }: NumberedColumn,
    embeddedPath?: string,
): Series {
    const path = embeddedPath ? `${embeddedPath}.${propertyName}` : propertyName
    const column = metadata.columns.find((c) => c.propertyPath === path)
    if (!column || findDeclaredColumns(target, propertyName).length > 1)
        throw new InvalidOptionError(
            `${metadata.name}.${path} is numbered, but another decorator declares it as well. ` +
                "Remove that one: @AutoSequenceColumn takes the column's options itself.",
        )
    const named = numbering.uniqueWith.map((p) => resolveScopeProperty(metadata, path, p))
    refuseScopeSetByForeignKey(metadata, path, named)
    const period = numbering.period && resolvePeriod(metadata, column, target, numbering.period)
    const dataSource = dataSourceOf(metadata)
    const strategy = numbering.strategy ?? defaultStrategyOf(dataSource)
    if (numbering.deletable !== true) refuseDeletedByForeignKey(metadata, path, strategy)
    refuseUntaken(strategy, numbering.special, refuserOf(`${metadata.name}.${path}`))
    const scope = period ? [...named, ofPeriod(period, named)] : named
    const shown = showingColumns(metadata, column)
    const max = MAX[numbering.type]
    const largest = largestShown(shown) ?? max
    let documents: readonly Document[] | undefined
    const series: Series = {
        get name() {
            return numbering.series ?? seriesName(column, COUNTER_ENTITY)
        },
        get documents() {
            return (documents ??= shown.map((one, at) => resolveDocument(series, one, at === 0)))
        },
        strategy,
        period,
        when: numbering.when && resolveCondition(metadata, path, numbering.when),
        assignsAtCommit: numbering.assign === "commit",
        deletable: numbering.deletable,
        journal: numbering.journal || shown.length > 0,
        settings: numbering.settings || shown.some(({ declared }) => needsSettings(declared)),
        ascends: numbering.dates === "ascending",
        gapless: numbering.gapless,
        cache: numbering.cache,
        dataSource,
        // Where there is none, the series is refused before it is asked.
        dialect: dialectOf(dataSource) as Dialect,
        metadata,
        column,
        scope,
        scopeColumns: scope.flatMap(({ columns }) => columns),
        startAt: numbering.startAt,
        startOf: numbering.startOf,
        incrementBy: numbering.incrementBy,
        max: largest < max ? largest : max,
        takesExplicit: numbering.explicit === "keep",
    }
    return series
}

/** The last column of the scope, so that documents are in order: period, then number. */
function ofPeriod({ column, place }: Period, scope: readonly ScopeProperty[]): ScopeProperty {
    if (scope.some(({ columns }) => columns.includes(column)))
        throw new InvalidOptionError(
            `${place}: uniqueWith names ${column.propertyPath}, which holds the period. Remove it from ` +
                "uniqueWith: the period is part of the scope anyway.",
        )
    return { path: column.propertyPath, columns: [column] }
}

/** Rows that a foreign key moved into the scope of NULL would have numbers that are there already. */
function refuseScopeSetByForeignKey(
    { name }: EntityMetadata,
    numbered: string,
    scope: readonly ScopeProperty[],
): void {
    for (const { path, columns } of scope)
        for (const { relationMetadata: relation } of columns) {
            const { onDelete, onUpdate, createForeignKeyConstraints } = relation ?? {}
            const option = [onDelete, onUpdate].find((one) => one?.startsWith("SET"))
            if (option && createForeignKeyConstraints)
                throw new InvalidOptionError(
                    `uniqueWith of ${name}.${numbered} names "${path}", whose foreign key is declared "${option}": it ` +
                        "would move rows to another scope, which may already have their numbers. Declare the relation with " +
                        'onDelete "RESTRICT" or "CASCADE".',
                )
        }
}
