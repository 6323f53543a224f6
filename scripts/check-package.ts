/**
 * Checks the package as users get it: packs it, has publint and "Are the types wrong?" look at it,
 * and installs it into a fresh project for each TypeORM version, where CommonJS and ES modules, in
 * JavaScript and in TypeScript, use it on a real PostgreSQL.
 */
import { execFileSync } from "node:child_process"
import {
    copyFileSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startEmbeddedPostgres } from "../test/support/embedded-postgres"

const ROOT = join(__dirname, "..")
const TEMPLATES = join(ROOT, "test", "package", "consumers")
const PROGRAMS = ["commonjs.cjs", "esm.mjs", "typescript-commonjs.cjs", "typescript-esm.mjs"]
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
    exclude: [],
}

async function main(): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), "autosequence-package-"))
    const postgres = await startEmbeddedPostgres()
    try {
        const tarball = pack(directory)
        runTool("publint", "publint", ["run", tarball, "--strict"])
        runTool("@arethetypeswrong/cli", "attw", [tarball])
        for (const typeorm of ["typeorm", "typeorm-0.3"]) {
            const project = join(directory, typeorm)
            install(project, tarball, `typeorm@${installedVersion(typeorm)}`)
            runTool("typescript", "tsc", ["-p", project])
            for (const program of PROGRAMS) use(project, program, postgres.url)
            useCommand(project)
        }
        console.log("The package is in order.")
    } finally {
        await postgres.stop()
        rmSync(directory, { recursive: true, force: true })
    }
}

function pack(directory: string): string {
    npm(ROOT, ["pack", "--pack-destination", directory])
    const tarball = readdirSync(directory).find((name) => name.endsWith(".tgz"))
    if (!tarball) throw new Error("npm pack left no tarball.")
    return join(directory, tarball)
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
    npm(project, [
        "install",
        "--prefer-offline",
        "--no-audit",
        "--no-fund",
        tarball,
        typeorm,
        ...others.map((name) => `${name}@${installedVersion(name)}`),
    ])
}

function use(project: string, program: string, url: string): void {
    const printed = runNode([program], project, { ...process.env, DATABASE_URL: url }).trim()
    if (printed !== EXPECTED)
        throw new Error(`${program} printed "${printed}" instead of "${EXPECTED}".`)
}

/** The command as it is installed; its tests are among the others. */
function useCommand(project: string): void {
    const directory = join(project, "node_modules", "typeorm-autosequence")
    const read = (path: string) => readFileSync(path, "utf8")
    const { bin, version } = JSON.parse(read(join(directory, "package.json"))) as {
        bin: Record<string, string>
        version: string
    }
    const path = join(directory, bin["typeorm-autosequence"] ?? "")
    if (!read(path).startsWith("#!/usr/bin/env node\n"))
        throw new Error("The command does not name what runs it.")
    const printed = runNode([path, "--version"], project).trim()
    if (printed !== version) throw new Error(`The command printed "${printed}" for its version.`)
}

function installedVersion(name: string): string {
    return manifest(name).version
}

function npm(directory: string, args: readonly string[]): void {
    const cli = process.env.npm_execpath
    if (!cli) throw new Error("Run this by npm: npm run check:package")
    runNode([cli, ...args], directory)
}

/** Tools are run by node itself, as the links in node_modules/.bin differ between systems. */
function runTool(name: string, command: string, args: readonly string[]): void {
    const path = manifest(name).bin?.[command]
    if (!path) throw new Error(`${name} has no command ${command}.`)
    runNode([join(ROOT, "node_modules", name, path), ...args], ROOT)
}

function manifest(name: string): { version: string; bin?: Record<string, string> } {
    const path = join(ROOT, "node_modules", name, "package.json")
    return JSON.parse(readFileSync(path, "utf8")) as ReturnType<typeof manifest>
}

function runNode(args: readonly string[], cwd: string, env = process.env): string {
    console.log(`> ${args.join(" ")}`)
    try {
        return execFileSync(process.execPath, args, { cwd, env, encoding: "utf8", stdio: "pipe" })
    } catch (error) {
        const { stdout, stderr } = error as { stdout: string; stderr: string }
        throw new Error(`This failed: ${args.join(" ")}\n${stdout}\n${stderr}`, { cause: error })
    }
}

main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
})
