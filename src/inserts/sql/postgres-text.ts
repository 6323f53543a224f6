/** @internal What PostgreSQL has besides `'it''s'`: `E'it\'s'` and `$$it's$$`. */
export const POSTGRES_TEXT =
    /[Ee]'(?:[^'\\]|\\.|'')*'|(?<dollars>\$(?:[^\W\d]\w*)?\$).*?\k<dollars>/.source
