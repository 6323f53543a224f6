/** The anchor of a heading, as GitHub makes it: letters, digits, `-` and `_` of the text, in lower case. */
export function anchorOf(heading: string): string {
    return heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .toLowerCase()
        .replace(/[^\p{L}\p{M}\p{N}_ -]/gu, "")
        .replaceAll(" ", "-")
}
