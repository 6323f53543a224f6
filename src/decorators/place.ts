import { show } from "../declared/show"
import { InvalidOptionError, UnsupportedError } from "../errors"
import { findDeclaredColumns } from "../typeorm/compat"

/** @internal The class and property on which a decorator is used. */
export interface Place {
    readonly target: object["constructor"]
    readonly propertyName: string
    /** For errors. */
    readonly name: string
}

/** @internal Refuses what can't be a property of an entity, or is another column already. */
export function placeOf(
    decorator: string,
    prototype: object,
    propertyName: string | symbol,
): Place {
    if (typeof prototype !== "object" || typeof propertyName === "object")
        throw new UnsupportedError(
            `${decorator} is on a static property, or the compiler uses standard decorators. Put it on an ` +
                'instance property, and set "experimentalDecorators": true in tsconfig.json, as TypeORM needs it.',
        )
    const target = prototype.constructor
    const name = `${decorator} on ${target.name}.${String(propertyName)}`
    if (typeof propertyName !== "string")
        throw new InvalidOptionError(`${name}: a property named by a symbol can't be a column.`)
    if (findDeclaredColumns(target, propertyName).length > 0)
        throw new InvalidOptionError(
            `${name}: another decorator has declared this column. Remove that one: ${decorator} takes ` +
                "the column's options itself.",
        )
    return { target, propertyName, name }
}

/**
 * Refuses a property that TypeScript has declared as something else than what it will hold. The
 * compiler may not tell (no `emitDecoratorMetadata`), or say Object where it doesn't know.
 * @internal
 */
export function refuseOtherTypes(
    { name, propertyName }: Place,
    prototype: object,
    types: readonly [NonNullable<unknown>, ...NonNullable<unknown>[]],
    remedy: string,
): void {
    const { getMetadata } = Reflect as { getMetadata?: (...key: unknown[]) => unknown }
    const type = getMetadata?.("design:type", prototype, propertyName)
    if (type === undefined || [Object, ...types].some((one) => one === type)) return
    const nameOf = (one: unknown) => (typeof one === "function" ? one.name : show(one))
    throw new InvalidOptionError(
        `${name}: the property is declared as ${nameOf(type)}, but will hold a ` +
            `${nameOf(types[0]).toLowerCase()}. ${remedy}`,
    )
}
