import "reflect-metadata"
import { Logger } from "@nestjs/common"
import { createApp } from "./app.js"

const app = await createApp()
app.enableShutdownHooks()
await app.listen(process.env.PORT ?? 3000)
new Logger("Invoices").log(`Try it at ${await app.getUrl()}/docs`)
