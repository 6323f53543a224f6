import type { DataSource, EntityTarget, ObjectLiteral } from "typeorm"
import type { Refuse } from "../../declared/options"
import { InvalidOptionError } from "../../errors"
import { beforeFirst } from "../../numbers/number-values"
import { refuseUnsupported } from "../../numbers/refuse-unsupported"
import { seriesOf } from "../../series/resolve-series"
import { hasCounters, placeOf, type Series } from "../../series/series"
import { givenEntity } from "../../typeorm/given"
import type { Rule } from "../rule"

/** @internal The series of a property in a data source. Refuses what is not numbered. */
export function findSeries(
    dataSource: DataSource,
    entity: EntityTarget<ObjectLiteral>,
    property: string,
): Series {
    const metadata = givenEntity("seriesOf", dataSource, entity)
    const all = seriesOf(metadata)
    const series = all.find(({ column }) => column.propertyPath === property)
    if (!series)
        throw new InvalidOptionError(
            `${metadata.name}.${property} is not numbered. ` +
                (all.length > 0
                    ? `${metadata.name} has ${all.map(({ column }) => column.propertyPath).join(", ")}.`
                    : `${metadata.name} has no number.`),
        )
    refuseUnsupported(series)
    return series
}

/** @internal How a column counts, as sequences have it. */
export function ruleOfSeries(series: Series): Rule {
    const { name, startAt, incrementBy, max, column } = series
    return {
        name,
        label: placeOf(series),
        startAt,
        incrementBy,
        base: beforeFirst(series),
        max,
        type: column.type === "bigint" ? "bigint" : "number",
    }
}

/** @internal Refuses a column whose last numbers are those of its rows. */
export function refuseNoCounter(series: Series, refuse: Refuse): void {
    if (hasCounters(series)) return
    refuse(
        `there is no counter: strategy "${series.strategy}" takes the number after the highest one that a ` +
            'row has. Insert a row, or declare strategy "counter".',
    )
}
