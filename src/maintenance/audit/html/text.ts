/** @internal A text as HTML shows it, in an attribute as well. */
export function html(text: string): string {
    return text.replaceAll(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter)
}

const ENTITIES: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
}
