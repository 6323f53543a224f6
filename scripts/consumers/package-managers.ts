/**
 * Tries the packed package with the package managers that let no package find what it does not declare: the README by
 * pnpm, which links packages, and by Yarn without node_modules; and monorepos with two versions of TypeORM.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { followReadme } from "../../test/package/readme"
import { installedManifest, npmInstall, npx, pinned, runNode } from "../packed"
import { expectNumbers, writeProgram } from "./numbers"

const PNPM = "pnpm@12.21.0"
const YARN = "--package @yarnpkg/cli-dist@4.18.1 yarn"
const MANIFEST = `echo '{ "private": true }' > package.json`
const WORKSPACES = { newer: "typeorm", older: "typeorm-0.3" }
const OWN = ["reflect-metadata", "sql.js"]

interface PackageManager {
    readonly init: string
    readonly add: string
    /** Before a command of a package. */
    readonly exec: string
    readonly node: string
}

const PACKAGE_MANAGERS: Record<string, PackageManager> = {
    pnpm: {
        // Its own `init` writes that nobody but pnpm may run here, and npx is npm's.
        init: MANIFEST,
        add: `npx --yes ${PNPM} add`,
        exec: `npx --yes ${PNPM} exec`,
        node: "node",
    },
    // An empty yarn.lock is what makes a folder a project of its own.
    "Yarn without node_modules": {
        init: `${MANIFEST} && : > yarn.lock`,
        add: `npx --yes ${YARN} add`,
        exec: `npx --yes ${YARN} run`,
        node: `npx --yes ${YARN} node`,
    },
}

export function checkNpmWorkspace(directory: string, tarball: string): void {
    // npm puts one copy of the library at the root, beside the newer TypeORM; the older package uses it as well.
    checkMonorepo("npm", join(directory, "monorepo"), tarball, (root) => {
        npmInstall(root, [])
    })
}

export function checkOtherManagers(directory: string, tarball: string): void {
    for (const [title, manager] of Object.entries(PACKAGE_MANAGERS)) {
        console.log(`README.md by ${title}:`)
        followReadme(tarball, (commands) => translated(commands, manager))
    }
    // pnpm gives each package a copy beside its own TypeORM.
    checkMonorepo("pnpm", join(directory, "pnpm-workspace"), tarball, (root) => {
        writeFileSync(join(root, "pnpm-workspace.yaml"), 'packages: ["packages/*"]\n')
        npx(root, [PNPM, "install", "--no-frozen-lockfile"])
    })
}

/** The commands of the README, with the versions that are installed here: TypeScript 7, for one, knows no Yarn. */
function translated(commands: string, manager: PackageManager): string {
    const pin = (word: string) => (/^-|\.tgz$/.test(word) ? word : pinned(word))
    return commands
        .replace(/^npm init -y$/gm, manager.init)
        .replace(/^npx (?!--yes)/gm, `${manager.exec} `)
        .replace(/^node /gm, `${manager.node} `)
        .replace(/^npm install (.*)$/gm, (_, words: string) =>
            [manager.add, ...words.split(" ").map(pin)].join(" ").replace(" --save-dev ", " -D "),
        )
}

function checkMonorepo(
    title: string,
    root: string,
    tarball: string,
    install: (root: string) => void,
): void {
    for (const [name, typeorm] of Object.entries(WORKSPACES)) {
        const directory = join(root, "packages", name)
        mkdirSync(directory, { recursive: true })
        writeProgram(directory)
        const dependencies = {
            typeorm: installedManifest(typeorm).version,
            "typeorm-autosequence": `file:${tarball}`,
            ...Object.fromEntries(OWN.map((own) => [own, installedManifest(own).version])),
        }
        const manifest = { name, version: "1.0.0", private: true, type: "module", dependencies }
        writeFileSync(join(directory, "package.json"), JSON.stringify(manifest))
    }
    const manifest = { private: true, workspaces: ["packages/*"] }
    writeFileSync(join(root, "package.json"), JSON.stringify(manifest))
    install(root)
    for (const [name, typeorm] of Object.entries(WORKSPACES)) {
        const directory = join(root, "packages", name)
        expectNumbers(`monorepo by ${title}, ${typeorm}`, runNode(["main.mjs"], directory))
    }
}
