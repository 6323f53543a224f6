import { show } from "../../declared/show"
import { OBJECT, type Refuse, refuseOther } from "../../declared/options"
import type { Series } from "../../series/series"
import { columnValues, type SequenceKey } from "../scope"
import { type GivenScope, periodNames, periodOfScope, type Read } from "./scope-period"

/**
 * Refuses a scope that names other properties than the column counts by.
 * @internal
 */
export function givenScope({ scope, period }: Series, value: unknown, refuse: Refuse): GivenScope {
    refuseOther("the scope is", value, OBJECT, refuse)
    const given = new Map(Object.entries(value as object))
    const own = scope.filter(({ columns: [column] }) => column !== period?.column)
    const paths = own.map(({ path }) => path)
    const known = [...paths, ...(period ? periodNames(period) : [])]
    const wanted = period ? [...paths, `period or ${period.date.propertyPath}`] : paths
    const refuseScope: Refuse = (problem) =>
        refuse(
            (wanted.length > 0
                ? `The scope is { ${wanted.join(", ")} }.`
                : "It has one scope, so leave the scope out, or give {}.") + ` ${problem}`,
        )
    const other = [...given.keys()].find((path) => !known.includes(path))
    if (other !== undefined) refuseScope(`There is no ${show(other)} in it.`)
    return { given, paths, refuse: refuseScope }
}

/** @internal A scope as the counters of a column have it. */
export async function keyOfScope(
    read: Read,
    { scope, period }: Series,
    values: GivenScope,
): Promise<SequenceKey> {
    const name = period && (await periodOfScope(read, period, values))
    const flat = scope.flatMap((property) => {
        const isPeriod = property.columns[0] === period?.column
        const value = isPeriod ? name : values.given.get(property.path)
        return columnValues(property, value, (found) => values.refuse(`${found}.`))
    })
    return {
        isByColumn: true,
        values: flat.map(({ own }) => own),
        texts: flat.map(({ text }) => text),
    }
}
