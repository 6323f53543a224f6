/** @internal How triggers refuse to change a table whose rows are only ever added: the SQLSTATE, and the text. */
export const APPEND_ONLY = {
    state: "AS010",
    text: "The journal is append-only: its rows cannot be changed or deleted.",
} as const
