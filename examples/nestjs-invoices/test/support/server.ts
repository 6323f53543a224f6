import "reflect-metadata"
import { after, before } from "node:test"
import { createApp } from "../../src/app.js"
import { createDatabase } from "./database.js"

export interface RunningApp {
    readonly url: string
    close(): Promise<void>
}

/** The application on a free port. */
export async function startApp(): Promise<RunningApp> {
    const app = await createApp({ logger: ["error", "warn"], abortOnError: false })
    await app.listen(0, "127.0.0.1")
    return { url: await app.getUrl(), close: () => app.close() }
}

/** An application on an empty database, for the tests of a suite. Its URL is known inside of them. */
export function useApp(): () => string {
    let app: RunningApp
    let database: Awaited<ReturnType<typeof createDatabase>>
    before(async () => {
        database = await createDatabase()
        app = await startApp()
    })
    after(async () => {
        await app?.close()
        await database?.drop()
    })
    return () => app.url
}
