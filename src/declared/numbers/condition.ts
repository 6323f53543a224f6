import { type FindOperator, InstanceChecker } from "typeorm"
import type { Refuse } from "../options"
import { show } from "../show"

/** What a column is compared with. */
export type Literal = string | number | bigint | boolean

/** A value, or TypeORM's `Not`, `In` or `IsNull`. */
export type NumberConditionValue = Literal | FindOperator<Literal>

/** The condition under which a row has a number, by property. All entries must hold. */
export type NumberCondition = Readonly<Record<string, NumberConditionValue>>

/** @internal The test that a column must pass. */
export type Test<Value = Literal> =
    | { readonly kind: "in"; readonly values: readonly Value[] }
    | { readonly kind: "null" }
    | { readonly kind: "not"; readonly test: Test<Value> }

/** @internal */
export type Condition = readonly { readonly path: string; readonly test: Test }[]

const FORM = "a string, a number, true or false, or one of TypeORM's operators Not, In and IsNull"

/** @internal Reads the option `when`; refuses what is none. */
export function parseCondition(when: NumberCondition, refuse: Refuse): Condition {
    if (typeof when !== "object" || (when as unknown) === null || Array.isArray(when))
        refuse(
            `when is ${show(when)}, give an object of properties and the values that they must have.`,
        )
    const condition = Object.entries(when).map(([path, value]) => {
        refuseNested(path, value, refuse)
        return { path, test: parseTest(value, (problem) => refuse(`when.${path} ${problem}`)) }
    })
    if (condition.length === 0) refuse("when names no property. Leave it out, or name one.")
    return condition
}

function parseTest(value: unknown, refuse: Refuse): Test {
    if (!InstanceChecker.isFindOperator(value))
        return { kind: "in", values: [literal(value, refuse)] }
    const { type, child, value: inner } = value as FindOperator<unknown>
    if (type === "isNull") return { kind: "null" }
    if (type === "not") return { kind: "not", test: parseTest(child ?? inner, refuse) }
    if (type === "in" && Array.isArray(inner) && inner.length > 0)
        return { kind: "in", values: inner.map((one) => literal(one, refuse)) }
    return refuse(
        type === "in"
            ? "is In() with an empty list, which is never true. Give it values."
            : `is the operator ${show(type)}, give ${FORM}.`,
    )
}

/** What TypeORM takes for the properties of an embedded object, which are named by their paths here. */
function refuseNested(path: string, value: unknown, refuse: Refuse): void {
    if (typeof value !== "object" || value === null || value.constructor !== Object) return
    const [name = "…"] = Object.keys(value)
    refuse(`when.${path} is an object. Name a property of it by its path: "${path}.${name}".`)
}

function literal(value: unknown, refuse: Refuse): Literal {
    const isLiteral =
        ["string", "bigint", "boolean"].includes(typeof value) || Number.isFinite(value)
    if (value === null) refuse("is null, and nothing equals NULL in SQL. Give IsNull().")
    return isLiteral ? (value as Literal) : refuse(`is ${show(value)}, give ${FORM}.`)
}
