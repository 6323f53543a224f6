import type { TestDatabase } from "../support/test-database"

export interface ServerOptions {
    readonly type: string
    readonly url: string
    readonly schema?: string
}

/** How a program of its own connects to a new place of the database. */
export async function optionsOf(database: TestDatabase): Promise<ServerOptions> {
    const { options } = await database.connect([])
    const { type, url, schema } = options as unknown as ServerOptions
    return { type, url, schema }
}

/** The same, for somebody else. */
export function asUser(options: ServerOptions, username: string, password: string): ServerOptions {
    const url = new URL(options.url)
    return { ...options, url: Object.assign(url, { username, password }).href }
}
