#!/usr/bin/env node
import { run } from "./run"

void run(process.argv.slice(2), {
    out: (text) => process.stdout.write(`${text}\n`),
    err: (text) => process.stderr.write(`${text}\n`),
}).then((status) => {
    process.exitCode = status
    // What the data source's file has opened beside it, a queue or a cache, may never end.
    setTimeout(() => process.exit(), 1000).unref()
})
