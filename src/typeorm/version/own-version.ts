import { readFileSync } from "node:fs"
import { join } from "node:path"
import { versionOfTypeORM } from "./version"

interface Manifest {
    readonly version: string
    readonly engines: { readonly node: string }
    readonly peerDependencies: { readonly typeorm: string }
}

function ownManifest(): Manifest {
    const text = readFileSync(join(__dirname, "..", "..", "..", "package.json"), "utf8")
    return JSON.parse(text) as Manifest
}

/** @internal The versions of this library and of what it works on. */
export function versions(): {
    readonly library: string
    readonly typeorm: string
    readonly node: string
} {
    return {
        library: ownManifest().version,
        typeorm: versionOfTypeORM(),
        node: process.versions.node,
    }
}

/** @internal The versions that are supported, as ranges. */
export function supportedVersions(): { readonly typeorm: string; readonly node: string } {
    const { engines, peerDependencies } = ownManifest()
    return { typeorm: peerDependencies.typeorm, node: engines.node }
}
