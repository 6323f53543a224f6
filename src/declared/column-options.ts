import type { ColumnOptions } from "typeorm"
import { show } from "./show"

const FORMS: Record<string, readonly [isRight: (value: unknown) => boolean, form: string]> = {
    name: [(value) => typeof value === "string" && value !== "", "a text that is not empty"],
    comment: [(value) => typeof value === "string", "a text"],
    nullable: [(value) => typeof value === "boolean", "true or false"],
    select: [(value) => typeof value === "boolean", "true or false"],
    transformer: [
        (value) => [value].flat().every(isTransformer),
        "an object with the functions to and from, or a list of them",
    ],
}

function isTransformer(value: unknown): boolean {
    const { to, from } = Object(value) as { to?: unknown; from?: unknown }
    return typeof to === "function" && typeof from === "function"
}

/** @internal The options of TypeORM's `@Column` among those of a decorator; refuses wrong ones. */
export function columnOptions<Name extends keyof ColumnOptions>(
    names: readonly Name[],
    options: { readonly [N in Name]?: unknown },
    refuse: (problem: string) => never,
): Pick<ColumnOptions, Name> {
    const given = names.flatMap((name) => {
        const value = options[name]
        if (value === undefined) return []
        const [isRight, form] = FORMS[name] ?? [() => true, ""]
        return isRight(value)
            ? [[name, value] as const]
            : refuse(`${name} is ${show(value)}, give ${form}.`)
    })
    return Object.fromEntries(given) as Pick<ColumnOptions, Name>
}
