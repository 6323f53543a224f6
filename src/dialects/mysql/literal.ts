/**
 * A text as SQL writes it, whatever the sql_mode says of backslashes, and as the catalogue shows it
 * again.
 * @internal
 */
export function literal(text: string): string {
    if (!/[\\\p{Cc}\u{10000}-\u{10ffff}]/u.test(text)) return `'${text.replaceAll("'", "''")}'`
    return `CONVERT(X'${Buffer.from(text).toString("hex")}' USING utf8mb4)`
}
