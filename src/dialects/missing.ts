/** @internal A column that a statement names, as the error of a database names it. */
export interface MissingColumn {
    readonly name: string
    /** Its table, by its name or its alias; undefined where the error doesn't say. */
    readonly of?: string
}

/** @internal What a pattern finds in the text of an error by the names `name`, and `of` or `table`. */
export function columnOf(pattern: RegExp, message: unknown): MissingColumn | undefined {
    const { name, of, table } = pattern.exec(String(message))?.groups ?? {}
    return name === undefined ? undefined : { name, of: of ?? table }
}
