import type { ColumnOptions } from "typeorm"
import { FLAG, type Form, type Refuse, refuseWrong, TEXT, TEXT_OR_NONE } from "./options"

const TRANSFORMER: Form = [
    (value) => [value].flat().every(isTransformer),
    "an object with the functions to and from, or a list of them",
]
const FORMS = {
    name: TEXT,
    comment: TEXT_OR_NONE,
    nullable: FLAG,
    primary: FLAG,
    select: FLAG,
    transformer: TRANSFORMER,
}

function isTransformer(value: unknown): boolean {
    const { to, from } = Object(value) as { to?: unknown; from?: unknown }
    return typeof to === "function" && typeof from === "function"
}

/** @internal The options of TypeORM's `@Column` among those of a decorator; refuses wrong ones. */
export function columnOptions<Name extends keyof typeof FORMS>(
    names: readonly Name[],
    options: { readonly [N in Name]?: unknown },
    refuse: Refuse,
): Pick<ColumnOptions, Name> {
    const given = names.flatMap((name) =>
        options[name] === undefined ? [] : [[name, options[name]] as const],
    )
    const column = Object.fromEntries(given) as Pick<ColumnOptions, Name>
    refuseWrong<ColumnOptions>(column, FORMS, refuse)
    return column
}
