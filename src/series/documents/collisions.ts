import type { Token } from "../../declared/documents/format"

/** What a place of a text may hold; those that repeat may hold any number of it. */
interface Place {
    readonly accepts: "any" | "digit" | { readonly character: string }
    readonly repeats: boolean
}

/**
 * @internal Whether two formats may make the same text, of whatever numbers. The number and values are taken to be of any
 * length, so that what is found apart is apart.
 */
export function mayCollide(one: readonly Token[], other: readonly Token[]): boolean {
    const [a, b] = [placesOf(one), placesOf(other)]
    const seen = new Set<string>()
    const open: (readonly [number, number])[] = [[0, 0]]
    for (let at = open.pop(); at; at = open.pop()) {
        const [i, j] = at
        const key = `${i} ${j}`
        if (seen.has(key)) continue
        seen.add(key)
        const [p, q] = [a[i], b[j]]
        if (!p && !q) return true
        // A place that repeats may end here.
        if (p?.repeats) open.push([i + 1, j])
        if (q?.repeats) open.push([i, j + 1])
        if (!p || !q || !meet(p.accepts, q.accepts)) continue
        open.push([p.repeats ? i : i + 1, q.repeats ? j : j + 1])
    }
    return false
}

function placesOf(tokens: readonly Token[]): Place[] {
    return tokens.flatMap((token): Place[] => {
        switch (token.kind) {
            case "text":
                return Array.from(token.text, (character) => ({
                    accepts: { character },
                    repeats: false,
                }))
            case "number":
                return [
                    { accepts: "digit", repeats: false },
                    { accepts: "digit", repeats: true },
                ]
            case "date":
                return Array.from({ length: token.digits }, () => ({
                    accepts: "digit",
                    repeats: false,
                }))
            case "code":
            case "value":
                return [
                    { accepts: "any", repeats: false },
                    { accepts: "any", repeats: true },
                ]
        }
    })
}

function meet(a: Place["accepts"], b: Place["accepts"]): boolean {
    if (a === "any" || b === "any") return true
    const isDigit = (one: Place["accepts"]) =>
        one === "digit" || (typeof one === "object" && /\d/.test(one.character))
    if (a === "digit" || b === "digit") return isDigit(a) && isDigit(b)
    return a.character === b.character
}
