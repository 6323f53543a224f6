/** What a writer does in its transaction. The scopes are called by letters. */
export type Operation =
    /** Rows of these scopes, in one call. The last one breaks a constraint where it `fails`. */
    | { readonly does: "insert"; readonly scopes: string; readonly fails: boolean }
    /** Deletes the row of the scope that has the highest number. */
    | { readonly does: "delete"; readonly scope: string }
    | { readonly does: "savepoint" | "release" | "rollback to" }
    | { readonly does: "commit" | "rollback" }

const WORDS: Record<string, Operation> = {
    "[": { does: "savepoint" },
    "]": { does: "release" },
    "<": { does: "rollback to" },
    commit: { does: "commit" },
    rollback: { does: "rollback" },
}

/**
 * Reads a program: "a" inserts a row of scope a, "ab" two rows in one call, "a!" one that fails, "-a" deletes one;
 * "[" begins a savepoint, "]" releases it, "<" rolls back to it. The error of what fails is caught.
 */
export function program(text: string): Operation[] {
    return text.split(" ").map((word): Operation => {
        const known = WORDS[word]
        if (known) return known
        if (word.startsWith("-")) return { does: "delete", scope: word.slice(1) }
        return { does: "insert", scopes: word.replace("!", ""), fails: word.endsWith("!") }
    })
}

export function scopesOf(scopes: string): string[] {
    return [...new Set(scopes)].sort()
}
