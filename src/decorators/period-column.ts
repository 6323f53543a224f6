import type { ColumnOptions } from "typeorm"
import { PERIOD_LENGTH } from "../declared/numbers/period-options"
import type { NumberedColumn } from "../declared/registry"
import { InvalidOptionError } from "../errors"
import { declaredTwice, periodProperty } from "../series/periods/resolve-period"
import { findDeclaredColumns } from "../typeorm/compat"
import type { Place } from "./place"

/**
 * The column that holds the periods of a number, unless there are none, or the entity declares it itself.
 * @internal
 */
export function periodColumn(
    { propertyName, numbering: { period } }: NumberedColumn,
    { nullable }: ColumnOptions,
): { propertyName: string; column: ColumnOptions } | undefined {
    if (!period || period.property !== undefined) return undefined
    const column: ColumnOptions = { type: "varchar", length: PERIOD_LENGTH, nullable }
    return { propertyName: periodProperty(propertyName), column }
}

/** @internal Refuses the name of another column. */
export function refuseDeclared({ name, target }: Place, property: string): void {
    if (findDeclaredColumns(target, property).length > 0)
        throw new InvalidOptionError(
            `${name}: its period is stored in ${property}, which another decorator declares as well. ` +
                declaredTwice(property),
        )
}
