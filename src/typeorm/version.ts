import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { UnsupportedError } from "../errors"

/** @internal For a version of TypeORM that does something in another way than those that are known. */
export function otherVersion(does: string): UnsupportedError {
    return new UnsupportedError(
        `TypeORM ${versionOfTypeORM()} ${does} in another way than 0.3 and 1.x do. Use one of those.`,
    )
}

function versionOfTypeORM(): string {
    try {
        // Its package.json is not among what it exports.
        const manifest = join(dirname(require.resolve("typeorm")), "package.json")
        return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version
    } catch {
        return "of an unknown version"
    }
}
