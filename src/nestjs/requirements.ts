import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { UnsupportedError } from "../errors"

const NEEDED = ["@nestjs/common", "@nestjs/core", "@nestjs/typeorm"]
const OLDEST = 10

/**
 * Refuses what this entry can't work with. As ranges of peer dependencies, npm would refuse it to
 * applications that use the core alone.
 * @internal
 */
export function refuseOtherNest(project: NodeJS.Require): void {
    for (const name of NEEDED) {
        const version = versionOf(project, name)
        if (Number.parseInt(version ?? "") >= OLDEST) continue
        throw new UnsupportedError(
            `typeorm-autosequence/nestjs needs ${NEEDED.join(", ")} in version ${OLDEST} or later, but ` +
                `${version ? `this is ${name} ${version}` : `there is no ${name}`}. Install it, or import from ` +
                "typeorm-autosequence alone, which doesn't need NestJS.",
        )
    }
}

function versionOf(project: NodeJS.Require, name: string): string | undefined {
    try {
        const manifest = readFileSync(project.resolve(`${name}/package.json`), "utf8")
        return (JSON.parse(manifest) as { version?: string }).version
    } catch {
        return undefined
    }
}

refuseOtherNest(createRequire(__filename))
