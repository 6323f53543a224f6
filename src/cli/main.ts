#!/usr/bin/env node
import { run } from "./run"

// Whoever reads may have seen enough, as head has. What the command does goes on, and ends as it would have.
for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "EPIPE") throw error
    })

void run(process.argv.slice(2), {
    out: (text) => process.stdout.write(`${text}\n`),
    err: (text) => process.stderr.write(`${text}\n`),
}).then((status) => {
    process.exitCode = status
    // What the data source's file has opened beside it, a queue or a cache, may never end.
    setTimeout(() => process.exit(), 1000).unref()
})
