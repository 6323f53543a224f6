import type { EntityMetadata } from "typeorm"
import type { Condition, Literal, Test } from "../../declared/numbers/condition"
import { dialectOf } from "../../dialects"
import { InvalidOptionError } from "../../errors"
import { dataSourceOf } from "../../typeorm/compat"
import { type ColumnMetadata, columnName, columnType } from "../../typeorm/names"
import { isMadeByDatabase } from "../scopes/scope"
import type { ColumnTest, RowCondition } from "./row-condition"

/** @internal Resolves the condition of a number against the metadata of its entity, or refuses it. */
export function resolveCondition(
    metadata: EntityMetadata,
    number: string,
    condition: Condition,
): RowCondition {
    return condition.map(({ path, test }): ColumnTest => {
        const refuse = (problem: string): never => {
            throw new InvalidOptionError(
                `when of ${metadata.name}.${number} names "${path}", ${problem}`,
            )
        }
        const column = findColumn(metadata, path, refuse)
        const dialect = dialectOf(dataSourceOf(metadata))
        // Where the database is not supported at all, that is refused later.
        if (dialect?.keyText(column, columnName(column)) === undefined && dialect)
            refuse(`whose type (${columnType(column)}) can't be compared.`)
        return { column, path, test: prepared(column, test) }
    })
}

function findColumn(
    metadata: EntityMetadata,
    path: string,
    refuse: (problem: string) => never,
): ColumnMetadata {
    const relation = metadata.relations.find((one) => one.propertyPath === path)
    const columns = relation?.joinColumns ?? metadata.columns.filter((c) => c.propertyPath === path)
    const [column] = columns
    if (!column)
        return refuse(
            relation
                ? "which is a relation without a foreign key in the row itself."
                : `which the entity does not have. It has ${metadata.columns.map((c) => c.propertyPath).join(", ")}.`,
        )
    if (columns.length > 1) refuse("whose foreign key has several columns. Name a property of one.")
    if (column.isArray || isMadeByDatabase(column))
        refuse("whose values are lists, or are made by the database. Name a property that you set.")
    return column
}

/** As the driver sends it. */
function prepared(column: ColumnMetadata, test: Test): ColumnTest["test"] {
    if (test.kind === "null") return test
    if (test.kind === "not") return { kind: "not", test: prepared(column, test.test) }
    const { driver } = dataSourceOf(column.entityMetadata)
    const prepare = (value: Literal) => {
        const sent: unknown = driver.preparePersistentValue(value, column)
        return typeof sent === "number" || typeof sent === "boolean" ? sent : String(sent)
    }
    return { kind: "in", values: test.values.map(prepare) }
}
