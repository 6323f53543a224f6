import type { EntityMetadata } from "typeorm"
import type { Target } from "../../declared/registry"
import {
    type PeriodOptions,
    PERIOD_LENGTH,
    type PeriodRule,
} from "../../declared/numbers/period-options"
import { dialectOf } from "../../dialects"
import { kindOfType } from "../../dialects/column-type"
import type { DateColumn } from "../../dialects/statements/period-statements"
import { InvalidOptionError } from "../../errors"
import { dataSourceOf, findDeclaredColumns } from "../../typeorm/compat"
import { type ColumnMetadata, columnType } from "../../typeorm/names"
import { findZone, type Zone } from "./zone"

/** @internal In which periods the numbers of a column count anew. */
export interface Period extends DateColumn {
    readonly rule: PeriodRule
    /** The column that holds the name of the period. */
    readonly column: ColumnMetadata
    readonly date: ColumnMetadata
    readonly zone: Zone
    /** For errors: the entity and the property of the number. */
    readonly place: string
}

/** @internal The property that holds the periods of a number where the options name no other. */
export function periodProperty(number: string): string {
    return `${number}Period`
}

/** @internal Resolves the periods of a numbered column against the metadata of its entity, or refuses them. */
export function resolvePeriod(
    metadata: EntityMetadata,
    number: ColumnMetadata,
    target: Target,
    { of, by, startsIn = 1, timeZone = "UTC", property }: PeriodOptions,
): Period {
    const { embeddedMetadata } = number
    const place = `${metadata.name}.${number.propertyPath}`
    const refuse = (problem: string): never => {
        throw new InvalidOptionError(`period of ${place} ${problem}`)
    }
    const names = [...new Set(metadata.columns.map(({ propertyPath }) => propertyPath))].join(", ")
    const find = (path: string) =>
        metadata.columns.find((column) => column.propertyPath === path && !column.relationMetadata)

    const within = embeddedMetadata ? `${embeddedMetadata.propertyPath}.` : ""
    const own = periodProperty(number.propertyName)
    if (property === undefined && findDeclaredColumns(target, own).length > 1)
        refuse(
            `is stored in ${own}, which another decorator declares as well. ${declaredTwice(own)}`,
        )
    const column =
        find(property ?? within + own) ??
        refuse(
            `names the property "${property ?? own}", which the entity does not have. Declare it: ` +
                `@Column({ type: "varchar", length: ${PERIOD_LENGTH} }), or leave property out.`,
        )
    if (kindOfType(columnType(column)) !== "text" || isTooShort(column))
        refuse(
            `names the property "${column.propertyPath}" of type ${columnType(column)}. Declare it as a ` +
                `varchar of ${PERIOD_LENGTH} characters.`,
        )
    if (column.isNullable !== number.isNullable)
        refuse(
            `is stored in ${column.propertyPath}, which can${column.isNullable ? "" : "not"} be NULL, but the ` +
                `number can${column.isNullable ? "not" : ""}. Declare both the same way.`,
        )
    const date =
        find(of) ?? refuse(`names "${of}", which is not a column of the entity. It has ${names}.`)
    const dataSource = dataSourceOf(metadata)
    const periods = dialectOf(dataSource)?.periods
    const content = periods?.contentOf(date)
    // Where the database is not supported at all, that is refused later.
    if (periods && (!content || date.isArray))
        refuse(`names "${of}" of type ${columnType(date)}. Name a date or timestamp column.`)
    if (date.isUpdateDate || date.isDeleteDate || date.generatedType !== undefined)
        refuse(
            `names "${of}", which TypeORM or the database changes. Name the date of the document.`,
        )
    const zone =
        findZone(metadata, timeZone) ??
        refuse(
            `has the time zone "${timeZone}", which is neither an IANA time zone ("Europe/Berlin", "UTC") nor a ` +
                `property that holds one. The entity has ${names}.`,
        )
    // What the library declares compares exactly, so that nobody has to ask the database.
    if (property === undefined) Object.assign(column, dialectOf(dataSource)?.keyCollation)
    return {
        rule: { by, startsIn },
        column,
        date,
        zone,
        place,
        content: content ?? "day",
        writtenIn: periods?.writtenIn(dataSource) ?? "UTC",
    }
}

/** @internal */
export function declaredTwice(property: string): string {
    return `Name it in the options, period: { property: "${property}" }, or remove that decorator.`
}

function isTooShort({ length }: ColumnMetadata): boolean {
    return Boolean(length) && Number(length) < PERIOD_LENGTH
}
