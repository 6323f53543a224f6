import { readFileSync } from "node:fs"
import { join } from "node:path"
import { versionOfTypeORM } from "./version"

/** @internal The versions of this library and of what it works on. */
export function versions(): {
    readonly library: string
    readonly typeorm: string
    readonly node: string
} {
    const text = readFileSync(join(__dirname, "..", "..", "package.json"), "utf8")
    return {
        library: (JSON.parse(text) as { version: string }).version,
        typeorm: versionOfTypeORM(),
        node: process.versions.node,
    }
}
