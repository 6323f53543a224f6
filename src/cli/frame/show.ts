import type { WeakReferenceAudit } from "../../audit/types"

/** @internal A scope as people read it. */
export function showScope(scope: Readonly<Record<string, string | null>>): string {
    const entries = Object.entries(scope).map(([name, value]) => `${name} ${value ?? "NULL"}`)
    return entries.length > 0 ? entries.join(", ") : "all"
}

/** @internal */
export function showTime(at: string | null): string | null {
    return at === null ? null : at.replace("T", " ").replace(/\.\d+Z$/, "Z")
}

/** @internal A reference, as `tag.objectId where contentType = 'Article' → Article.id`. */
export function showReference({ from, where, to }: WeakReferenceAudit): string {
    return `${from}${where === null ? "" : ` where ${where}`} -> ${to}`
}

/** @internal What to know of references that lead nowhere, in a sentence. */
export function showOrphans(reference: WeakReferenceAudit): string {
    const { orphans, values, origin } = reference
    const more = values.length < orphans ? " …" : ""
    const guess = origin === "guessed" ? " (it only looks like a reference)" : ""
    const rows = orphans === 1 ? "1 row points" : `${orphans} rows point`
    return `${showReference(reference)}: ${rows} at nothing: ${values.slice(0, 10).join(", ")}${more}${guess}`
}
