/** @internal A text as SQL writes it, whatever `standard_conforming_strings` is. */
export function literal(text: string): string {
    const quoted = text.replaceAll("'", "''")
    return text.includes("\\") ? `E'${quoted.replaceAll("\\", "\\\\")}'` : `'${quoted}'`
}
