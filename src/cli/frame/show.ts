import type { AuditEvent, WeakReferenceAudit } from "../../audit/types"
import { isBroken } from "../../maintenance/references/find-orphans"
import type { Printer } from "./printer"

/** @internal A scope as people read it. */
export function showScope(scope: Readonly<Record<string, string | null>>): string {
    const entries = Object.entries(scope).map(([name, value]) => `${name} ${value ?? "NULL"}`)
    return entries.length > 0 ? onOneLine(entries.join(", ")) : "all"
}

/** Else what somebody has entered could look like lines of the report, or direct the terminal. */
function onOneLine(text: string): string {
    return text.replaceAll(/\p{Cc}+/gu, " ")
}

/** @internal Why a number is missing, according to the journal. */
export function showEvent({ kind, at, by, reason }: AuditEvent): string {
    return onOneLine(
        `${kind}, ${showTime(at) ?? ""}${by === null ? "" : `, by ${by}`}${reason === null ? "" : `: ${reason}`}`,
    )
}

/** @internal */
export function showTime(at: string | null): string | null {
    return at === null ? null : at.replace("T", " ").replace(/\.\d+Z$/, "Z")
}

/** @internal A reference, as `tag.objectId where contentType = 'Article' → Article.id`. */
export function showReference({ from, where, to }: WeakReferenceAudit): string {
    return `${from}${where === null ? "" : ` where ${where}`} -> ${to}`
}

/** @internal `!` for rows that refer to missing rows, `?` if the column only looks like a reference. */
export function markOf(reference: WeakReferenceAudit, print: Printer): string {
    if (reference.orphans === 0) return " "
    return isBroken(reference) ? print.style("red", "!") : print.style("yellow", "?")
}

/** @internal The rows of a reference that refer to missing rows, in a sentence. */
export function showOrphans(reference: WeakReferenceAudit): string {
    const { orphans, values, origin } = reference
    const more = values.length < orphans ? " …" : ""
    const guess = origin === "guessed" ? " (only looks like a reference)" : ""
    const rows =
        orphans === 1
            ? "1 row refers to a row that doesn't exist"
            : `${orphans} rows refer to rows that don't exist`
    return `${showReference(reference)}: ${rows}: ${values.slice(0, 10).join(", ")}${more}${guess}`
}
