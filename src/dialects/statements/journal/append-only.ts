/** @internal How triggers refuse to change a table whose rows are only ever added: the SQLSTATE, and the text. */
export const APPEND_ONLY = {
    state: "AS010",
    text: "The journal of numbers is only ever added to, and a row of it was to be changed or deleted.",
} as const
