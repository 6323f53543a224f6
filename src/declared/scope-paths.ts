import type { Refuse } from "./options"
import { show } from "./show"

/** @internal The option `uniqueWith` as a list of properties; refuses what is none. */
export function scopePaths(uniqueWith: unknown, refuse: Refuse): readonly string[] {
    const listed = uniqueWith ?? []
    const paths: unknown[] = Array.isArray(listed) ? listed : [listed]
    for (const path of paths)
        if (typeof path !== "string" || path === "")
            refuse(`uniqueWith holds ${show(path)}, give names of properties.`)
    if (new Set(paths).size < paths.length) refuse("uniqueWith names a property twice.")
    return paths as string[]
}
