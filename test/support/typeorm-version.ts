import { existsSync } from "node:fs"
import Module from "node:module"
import { resolve } from "node:path"

/** Installed as dependencies of this repository; others by `npm run test:typeorm`. */
const PACKAGES: Record<string, string> = { "1": "typeorm", "0.3": "typeorm-0.3" }

// TYPEORM=0.3 runs everything on the version installed as "typeorm-0.3", this library included.
const version = process.env.TYPEORM ?? "1"

/** Where the version is that the tests run on. */
export const typeormDirectory = PACKAGES[version]
    ? resolve("node_modules", PACKAGES[version])
    : resolve(".tmp", `typeorm-${version}`, "node_modules", "typeorm")
if (!existsSync(typeormDirectory))
    throw new Error(
        `TYPEORM is "${version}", and there is no ${typeormDirectory}. The tests know 1 and 0.3; ` +
            `npm run test:typeorm -- ${version} installs another version and runs them on it.`,
    )

if (version !== "1") {
    const loader = Module as unknown as {
        _resolveFilename: (request: string, ...rest: unknown[]) => string
    }
    const resolveFilename = loader._resolveFilename
    loader._resolveFilename = (request, ...rest) =>
        resolveFilename(
            request.replace(/^typeorm(?=$|\/)/, () => typeormDirectory),
            ...rest,
        )
}

/** Before 0.3.24 the statement is sent while `beforeQuery` of a subscriber is still under way. */
export const waitsForBeforeQuery = !/^0\.3\.2[0-3]$/.test(version)

export const isTypeORM1 = version.startsWith("1")

/** Before 1.1.0 no subscriber hears of a statement that SQLite can't prepare. */
export const tellsUnprepared = isTypeORM1 && version !== "1.0.0"

/** 1.0.0 takes columns that are not selected off the entities that it has saved; 1.1.0 leaves them there again. */
export const showsUnselected = version !== "1.0.0"
