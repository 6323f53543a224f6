/** What a project has that loads its data source elsewhere, and the command has not. */
const HINTS: readonly (readonly [RegExp, string])[] = [
    [
        /^Wrong driver: "undefined"/,
        "The data source has no type. If an environment variable sets it, provide the variable: npx env-cmd " +
            'typeorm-autosequence …, or import "dotenv/config" in that file.',
    ],
    [
        /^Cannot find (module|package) '[^./]/,
        'If this is one of the paths of tsconfig.json, load tsconfig-paths: NODE_OPTIONS="-r ' +
            'tsconfig-paths/register" npx typeorm-autosequence …',
    ],
]

/** @internal A data source can't be loaded: why, and what may help. */
export function notLoaded(path: string, error: unknown): Error {
    const reason = error instanceof Error ? error.message : String(error)
    const hint = HINTS.find(([pattern]) => pattern.test(reason))?.[1]
    // What stands behind it: the files that have loaded the module, or a list of all drivers.
    const [what = reason] = reason.split(/\n| given\./)
    const said = hint ? `${what}. ${hint}` : reason
    return new Error(`${path} can't be loaded: ${said}`, { cause: error })
}
