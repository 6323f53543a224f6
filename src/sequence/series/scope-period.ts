import { checkedZone } from "../../numbers/periods/row-zones"
import { dayOf, keptMoment, periodOfDate } from "../../numbers/periods/row-date"
import type { CivilDate } from "../../series/periods/civil-date"
import { otherPeriodForm } from "../../series/periods/period-name"
import type { Period } from "../../series/periods/resolve-period"
import { zoneSql } from "../../series/periods/zone"
import { dataSourceOf } from "../../typeorm/compat"
import type { Refuse } from "../../declared/options"
import { Parameters } from "../../typeorm/rows/parameters"
import type { Statement } from "../../typeorm/statement"
import { columnValues } from "../scope"

/** @internal A scope as a caller has given it. */
export interface GivenScope {
    readonly given: ReadonlyMap<string, unknown>
    /** The properties of `uniqueWith`. */
    readonly paths: readonly string[]
    readonly refuse: Refuse
}

/** @internal Sends a statement on the caller's connection, or on a free one; resolves to its rows. */
export type Read = <T>(statement: Statement) => Promise<T[]>

/** @internal The properties by which a scope may name its period. */
export function periodNames({ column, date, zone }: Period): string[] {
    const [relation] = zone.found?.relations ?? []
    const zoned = relation?.propertyPath ?? zone.found?.column.propertyPath
    return [column.propertyPath, "period", date.propertyPath, ...(zoned ? [zoned] : [])]
}

/** @internal The name of the period that a scope is of: it is given, or a date that lies in it is. */
export async function periodOfScope(
    read: Read,
    period: Period,
    { given, paths, refuse }: GivenScope,
): Promise<string> {
    const { column, date, rule } = period
    const isGiven = (path: string) => given.get(path) !== undefined
    const names = [column.propertyPath, ...(paths.includes("period") ? [] : ["period"])]
    const [name, ...others] = [...new Set(names)].filter(isGiven)
    const isDated = isGiven(date.propertyPath)
    if (others.length > 0 || (name !== undefined && isDated && !paths.includes(date.propertyPath)))
        refuse(`The period is given twice. Give either period or ${date.propertyPath}.`)
    if (name === undefined) {
        if (!isDated)
            refuse(`Each period has its own numbers. Give period, or ${date.propertyPath}.`)
        const zone = await zoneOfScope(read, period, { given, paths, refuse })
        const value: unknown = dataSourceOf(date.entityMetadata).driver.preparePersistentValue(
            given.get(date.propertyPath),
            date,
        )
        return periodOfDate(period, keptMoment(period, value), zone)
    }
    const form = otherPeriodForm(given.get(name), rule)
    if (form !== undefined)
        refuse(`${name} is not a period by ${rule.by}. Give one such as "${form}".`)
    return String(given.get(name))
}

/** @internal The day of the date that a scope names; undefined where it names its period. */
export async function dayOfScope(
    read: Read,
    period: Period,
    values: GivenScope,
): Promise<CivilDate | undefined> {
    const { date } = period
    const given = values.given.get(date.propertyPath)
    if (given === undefined) return undefined
    const value: unknown = dataSourceOf(date.entityMetadata).driver.preparePersistentValue(
        given,
        date,
    )
    return dayOf(period, keptMoment(period, value), await zoneOfScope(read, period, values))
}

async function zoneOfScope(
    read: Read,
    period: Period,
    { given, refuse }: GivenScope,
): Promise<string> {
    const { zone, content, date } = period
    // A day is a day everywhere.
    if (content === "day") return ""
    if (zone.fixed !== undefined) return zone.fixed
    const [relation] = zone.found?.relations ?? []
    const path = relation?.propertyPath ?? zone.path
    if (given.get(path) === undefined)
        refuse(`The time zone of ${date.propertyPath} is in ${zone.path}, so give ${path} too.`)
    if (!relation) return checkedZone(period, given.get(path))
    const columns = relation.joinColumns
    const values = columnValues({ path, columns }, given.get(path), (found) => refuse(`${found}.`))
    const { entityMetadata } = date
    const dataSource = dataSourceOf(entityMetadata)
    const { driver } = dataSource
    const parameters = new Parameters(dataSource)
    const sql = zoneSql(zone, entityMetadata, (column) => {
        const { own } = values[columns.indexOf(column)] ?? {}
        return parameters.add(driver.preparePersistentValue(own, column))
    })
    const [found] = await read<{ zone: unknown }>({
        sql: `SELECT ${sql} AS ${driver.escape("zone")}`,
        parameters: parameters.values,
    })
    return checkedZone(period, found?.zone)
}
