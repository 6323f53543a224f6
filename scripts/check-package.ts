/**
 * Checks the package as users get it: packs it, has publint and "Are the types wrong?" look at it,
 * and installs it into a fresh project for each TypeORM version, where CommonJS and ES modules, in
 * JavaScript and in TypeScript, use it on a real PostgreSQL. Then other compilers, bundlers, test runners and package
 * managers use it, unless --essential is given, and what the README says is done.
 */
import {
    copyFileSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { followReadme } from "../test/package/readme"
import { startEmbeddedPostgres } from "../test/support/embedded-postgres"
import { checkBundlers } from "./consumers/bundlers"
import { checkNpmWorkspace, checkOtherManagers } from "./consumers/package-managers"
import { checkTypeScript } from "./consumers/typescript"
import {
    installedManifest,
    npmInstall,
    pack,
    pinned,
    readManifest,
    ROOT,
    runNode,
    toolPath,
} from "./packed"

const TEMPLATES = join(ROOT, "test", "package", "consumers")
const PROGRAMS = ["commonjs.cjs", "esm.mjs", "typescript-commonjs.cjs", "typescript-esm.mjs"]
/** Of the tarball. There are no source maps in it: they and the sources would double it, and dist is readable. */
const MOST_BYTES = 1_000_000
/** What each program prints: the numbers of the two rows that it saves. */
const EXPECTED = "1,2"

/** Every declaration of the package is checked, the ones that no consumer reaches as well. */
const TSCONFIG = {
    compilerOptions: {
        target: "ES2022",
        module: "nodenext",
        strict: true,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        skipLibCheck: false,
        types: ["node"],
    },
    files: ["typescript-commonjs.cts", "typescript-esm.mts"],
    include: ["node_modules/typeorm-autosequence/dist/**/*.d.ts"],
    // These projects have no NestJS, which the rest must not need.
    exclude: ["node_modules/typeorm-autosequence/dist/nestjs"],
}

async function main(): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), "autosequence-package-"))
    const postgres = await startEmbeddedPostgres()
    try {
        const tarball = pack(directory)
        const { size } = statSync(tarball)
        console.log(`The package has ${size} bytes.`)
        if (size > MOST_BYTES) throw new Error(`It may have ${MOST_BYTES} at most.`)
        runTool("publint", "publint", ["run", tarball, "--strict"])
        runTool("@arethetypeswrong/cli", "attw", [tarball])
        for (const typeorm of ["typeorm", "typeorm-0.3"]) {
            const project = join(directory, typeorm)
            install(project, tarball, `typeorm@${installedManifest(typeorm).version}`)
            runTool("typescript", "tsc", ["-p", project])
            for (const program of PROGRAMS) use(project, program, postgres.url)
            useCommand(project)
        }
        // They fetch much, and take minutes.
        if (!process.argv.includes("--essential")) useOtherTools(directory, tarball)
        followReadme(tarball)
        console.log("The package is in order.")
    } finally {
        await postgres.stop()
        rmSync(directory, { recursive: true, force: true })
    }
}

function useOtherTools(directory: string, tarball: string): void {
    checkTypeScript(directory, tarball)
    checkBundlers(directory, tarball)
    checkNpmWorkspace(directory, tarball)
    checkOtherManagers(directory, tarball)
}

function install(project: string, tarball: string, typeorm: string): void {
    mkdirSync(project)
    const write = (name: string, content: unknown) => {
        writeFileSync(join(project, name), JSON.stringify(content, null, 2))
    }
    write("package.json", { name: "consumer", private: true })
    write("tsconfig.json", TSCONFIG)
    for (const name of ["commonjs.cjs", "esm.mjs"])
        copyFileSync(join(TEMPLATES, name), join(project, name))
    for (const name of TSCONFIG.files)
        copyFileSync(join(TEMPLATES, "typescript.ts.txt"), join(project, name))

    const others = ["reflect-metadata", "pg", "@types/node"]
    npmInstall(project, [tarball, typeorm, ...others.map(pinned)])
}

function use(project: string, program: string, url: string): void {
    const printed = runNode([program], project, { ...process.env, DATABASE_URL: url }).trim()
    if (printed !== EXPECTED)
        throw new Error(`${program} printed "${printed}" instead of "${EXPECTED}".`)
}

/** The command as it is installed; its tests are among the others. */
function useCommand(project: string): void {
    const directory = join(project, "node_modules", "typeorm-autosequence")
    const { bin, version } = readManifest(join(directory, "package.json"))
    const path = join(directory, bin?.["typeorm-autosequence"] ?? "")
    if (!readFileSync(path, "utf8").startsWith("#!/usr/bin/env node\n"))
        throw new Error("The command does not name what runs it.")
    const printed = runNode([path, "--version"], project).trim()
    if (printed !== version) throw new Error(`The command printed "${printed}" for its version.`)
}

function runTool(name: string, command: string, args: readonly string[]): void {
    runNode([toolPath(name, command), ...args], ROOT)
}

main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
})
