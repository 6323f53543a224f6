import {
    CURRENT_SCHEMA,
    CURRENT_SCHEMA_HASH,
    shortHash,
    type StoredFunctionRow,
    type StoredTriggerRow,
    type TriggeredColumn,
    type TriggerFunction,
} from "../../statements/trigger-statements"

/** @internal */
export const FUNCTION_PREFIX = "autosequence_"
/** @internal A function as the catalogue has it: {@link StoredFunction}. */
export const FUNCTION =
    `json_build_object('schema', n.nspname, 'name', p.proname, 'returns', p.prorettype::regtype, ` +
    `'body', p.prosrc, 'isDefiner', p.prosecdef, 'config', array_to_string(p.proconfig, ';'))`
const SEARCH_PATH = "search_path=pg_catalog, pg_temp"

/** @internal */
export interface StoredFunction extends StoredFunctionRow, FunctionText {
    readonly returns: string
}

/** For which statements a trigger runs. */
interface TriggerTime {
    readonly type: number
    /** The columns that an UPDATE has to set. */
    readonly columns: string
    readonly hasCondition: boolean
    /** Whether it waits for COMMIT. */
    readonly isDeferred: boolean
}

/** @internal */
export interface StoredRow extends StoredTriggerRow, TriggerTime {
    readonly schema: string
    readonly enabled: string
    readonly create: string
    /** As it is written where the search path finds the table. */
    readonly createAnywhere: string
    readonly calls: readonly StoredFunction[]
}

/** What there is to a function beside its name. */
interface FunctionText {
    readonly body: string
    readonly isDefiner: boolean
    readonly config: string | null
}

/** @internal */
export type OwnFunction = TriggerFunction & FunctionText & { readonly signature: string }

/** @internal */
export function ownFunction(
    { id, series, schema = "" }: TriggeredColumn,
    kind: string,
    body: string,
    bodyAnywhere: string,
): OwnFunction {
    const name = `${FUNCTION_PREFIX}${kind}_${id}`
    const place = series.metadata.schema
    return functionIn({ place, schema, name }, kind, { body, bodyAnywhere })
}

/** @internal A function in the schema that its table names, or else in the one that is current. */
export function functionIn(
    { place, schema, name }: { place: string | undefined; schema: string; name: string },
    kind: string,
    { body, bodyAnywhere = body }: { body: string; bodyAnywhere?: string },
): OwnFunction {
    const text =
        kind === "inserted"
            ? { returns: "boolean", isDefiner: false, config: null }
            : { returns: "trigger", isDefiner: true, config: SEARCH_PATH }
    const signature = `${qualified(place, name)}()`
    return {
        ...text,
        body,
        name: `${place ?? schema}.${name}`,
        signature,
        create: createFunction(signature, { ...text, body: bodyAnywhere }),
        drop: `DROP FUNCTION ${signature}`,
    }
}

/** @internal */
export function storedFunction(
    { schema, name, ...text }: StoredFunction,
    namesSchema: boolean,
): TriggerFunction {
    const isOurs = name.startsWith(FUNCTION_PREFIX)
    const signature = `${qualified(namesSchema ? schema : undefined, name)}()`
    const body = namesSchema ? text.body : anywhere(text.body, schema)
    return {
        name: `${schema}.${name}`,
        create: isOurs ? createFunction(signature, { ...text, body }) : [],
        drop: isOurs ? `DROP FUNCTION ${signature}` : undefined,
    }
}

/** Version 0.1.0 has the schema in a text as well, whose length counts, and which is a mere label there. */
function anywhere(body: string, schema: string): string {
    return body
        .replaceAll(shortHash(schema), CURRENT_SCHEMA_HASH)
        .replaceAll(`:${quoted(schema)}.`, CURRENT_SCHEMA_HASH + CURRENT_SCHEMA)
        .replaceAll(`${quoted(schema)}.`, `"${CURRENT_SCHEMA}".`)
        .replaceAll(CURRENT_SCHEMA_HASH + CURRENT_SCHEMA, `:${quoted(schema)}.`)
}

/** Functions name all tables with their schemas, so one that is to be current is put in when they are made. */
function createFunction(
    signature: string,
    { returns, body, isDefiner, config }: FunctionText & { readonly returns: string },
): string[] {
    const settings = (config?.split(";") ?? [])
        .map((one) => ` SET ${one.replace("=", " = ")}`)
        .join("")
    const create =
        `CREATE OR REPLACE FUNCTION ${signature} RETURNS ${returns} LANGUAGE plpgsql` +
        `${isDefiner ? " SECURITY DEFINER" : ""}${settings} AS ${dollarQuoted(body)}`
    const isAnywhere = body.includes(CURRENT_SCHEMA) || body.includes(CURRENT_SCHEMA_HASH)
    const execute =
        `BEGIN EXECUTE replace(replace(${dollarQuoted(create)}, '${CURRENT_SCHEMA}', ` +
        `replace(current_schema(), '"', '""')), '${CURRENT_SCHEMA_HASH}', ` +
        "left(encode(sha256(convert_to(current_schema(), 'UTF8')), 'hex'), 8)); END"
    return [
        isAnywhere ? `DO ${dollarQuoted(execute)}` : create,
        privileges(signature, { isDefiner }),
    ]
}

/**
 * Whoever inserts asks a condition; a trigger runs its function without a question. Others could make
 * that one the trigger of a table of theirs, and move the counters by it.
 */
function privileges(signature: string, { isDefiner }: Pick<FunctionText, "isDefiner">): string {
    return isDefiner
        ? `REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC`
        : `GRANT EXECUTE ON FUNCTION ${signature} TO PUBLIC`
}

/** @internal */
export function definition(
    { type, columns, hasCondition, isDeferred }: TriggerTime,
    calls: readonly FunctionText[],
): string {
    return JSON.stringify([
        [type, columns, hasCondition, isDeferred],
        ...calls.map(({ body, isDefiner, config }) => [body, isDefiner, config]),
    ])
}

/** @internal */
export function qualified(schema: string | undefined, name: string): string {
    return schema === undefined ? quoted(name) : `${quoted(schema)}.${quoted(name)}`
}

/** @internal */
export function quoted(name: string): string {
    return `"${name.replaceAll('"', '""')}"`
}

/** A body may hold any text, names of tables among it. */
function dollarQuoted(body: string): string {
    let tag = "autosequence"
    while (body.includes(`$${tag}$`)) tag += "_"
    return `$${tag}$${body}$${tag}$`
}
