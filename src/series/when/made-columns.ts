import type { EntityMetadata } from "typeorm"
import type { Test } from "../../declared/numbers/condition"
import { documents, numbers, storedKeys } from "../../declared/registry"
import { dataSourceOf } from "../../typeorm/compat"
import type { ColumnMetadata } from "../../typeorm/names"
import { isOwnColumn } from "../own-columns"
import { resolvePeriod } from "../periods/resolve-period"

/**
 * What is wrong with a column that a condition names, where this library may set it by the same statement: whether the
 * condition holds is asked before.
 * @internal
 */
export function problemOfMade(
    metadata: EntityMetadata,
    number: string,
    { target, propertyName, propertyPath }: ColumnMetadata,
): string | undefined {
    const dataSource = dataSourceOf(metadata)
    const made = "which this library sets. Name a property that you set."
    if ([numbers, documents, storedKeys].some((all) => all.find(target, propertyName, dataSource)))
        return made
    for (const column of metadata.columns) {
        const declared = numbers.find(column.target, column.propertyName, dataSource)
        if (!declared?.numbering.period || !isOwnColumn(column, metadata.target, numbers)) continue
        const { period, when = [] } = declared.numbering
        const resolved = resolvePeriod(metadata, column, declared.target, period)
        if (resolved.column.propertyPath === propertyPath) return made
        const isOther =
            resolved.date.propertyPath === propertyPath && column.propertyPath !== number
        // Then no row without a date gets that number, nor a date.
        const asksDate = when.some(({ path, test }) => path === propertyPath && !holdsForNull(test))
        if (isOther && !asksDate)
            return (
                `which ${column.propertyPath} sets to today where a row has no date. Name another property, or let ` +
                `${column.propertyPath} ask for the date as well: when: { ${propertyPath}: Not(IsNull()) }.`
            )
    }
    return undefined
}

/** As in SQL, where most tests of NULL are neither true nor false. */
function holdsForNull(test: Test): boolean {
    return test.kind === "null" || (test.kind === "not" && isFalseForNull(test.test))
}

function isFalseForNull(test: Test): boolean {
    return test.kind === "not" && holdsForNull(test.test)
}
