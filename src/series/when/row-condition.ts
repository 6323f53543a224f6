import type { Test } from "../../declared/numbers/condition"
import type { Dialect } from "../../dialects/dialect"
import type { ColumnMetadata } from "../../typeorm/names"

/** @internal The test of one column, with values as the driver sends them. */
export interface ColumnTest {
    readonly column: ColumnMetadata
    /** The property that the options name. */
    readonly path: string
    readonly test: Test<string | number | boolean>
}

/** @internal The condition under which a row has a number: all of these. */
export type RowCondition = readonly ColumnTest[]

/** @internal A condition as SQL, over columns of a row. It is NULL where a column that it asks is. */
export function conditionSql(
    condition: RowCondition,
    { expressions }: Pick<Dialect, "expressions">,
    nameOf: (column: ColumnMetadata) => string,
): string {
    const sqlOf = (name: string, test: ColumnTest["test"]): string => {
        if (test.kind === "null") return `${name} IS NULL`
        if (test.kind === "not") return `NOT (${sqlOf(name, test.test)})`
        const values = test.values.map((value) => expressions.literal(value))
        return values.length === 1
            ? `${name} = ${values[0] ?? ""}`
            : `${name} IN (${values.join(", ")})`
    }
    return condition.map(({ column, test }) => `(${sqlOf(nameOf(column), test)})`).join(" AND ")
}
