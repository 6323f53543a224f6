/**
 * Tries the command of the packed package on data sources as projects have them: TypeScript 5 and 7, loaded by ts-node,
 * tsx or SWC, or compiled, as CommonJS and ES modules. All is installed once; each project sees a part of it.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { installedManifest, npmInstall, ROOT, runNode } from "../packed"

const TEMPLATE = readFileSync(join(ROOT, "test", "consumers", "data-source.ts.txt"), "utf8")
/** Compilers that write down the types of properties, and those that don't. */
const INFERRED = TEMPLATE.replace("// TYPED", "@Column()")
const EXPLICIT = TEMPLATE.replace("// TYPED", '@Column("varchar")')

const TSCONFIG = {
    target: "ES2022",
    strict: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    skipLibCheck: true,
    types: [],
}

type Loader = "ts-node" | "tsx" | "@swc-node/register" | "compiled"

interface Consumer {
    readonly typescript: 5 | 7
    readonly loader: Loader
    readonly type: "commonjs" | "module"
    /** What it says where it can't work. */
    readonly refuses?: RegExp
}

const CONSUMERS: readonly Consumer[] = [
    { typescript: 5, loader: "ts-node", type: "commonjs" },
    { typescript: 5, loader: "ts-node", type: "module" },
    { typescript: 5, loader: "tsx", type: "commonjs" },
    { typescript: 5, loader: "tsx", type: "module" },
    { typescript: 5, loader: "@swc-node/register", type: "commonjs" },
    { typescript: 5, loader: "@swc-node/register", type: "module" },
    { typescript: 5, loader: "compiled", type: "commonjs" },
    { typescript: 5, loader: "compiled", type: "module" },
    {
        ...{ typescript: 7, loader: "ts-node", type: "commonjs" },
        refuses: /^ts-node can't be started: .* TypeScript 7: npm install/,
    },
    {
        ...{ typescript: 7, loader: "ts-node", type: "module" },
        refuses: /^ts-node can't be started: .* TypeScript 7: npm install/,
    },
    { typescript: 7, loader: "tsx", type: "commonjs" },
    { typescript: 7, loader: "tsx", type: "module" },
    {
        ...{ typescript: 7, loader: "@swc-node/register", type: "commonjs" },
        refuses: /^@swc-node\/register can't be started: .* TypeScript 7: npm install/,
    },
    {
        ...{ typescript: 7, loader: "@swc-node/register", type: "module" },
        refuses: /^@swc-node\/register can't be started: .* TypeScript 7: npm install/,
    },
    { typescript: 7, loader: "compiled", type: "commonjs" },
    { typescript: 7, loader: "compiled", type: "module" },
]

export function checkTypeScript(directory: string, tarball: string): void {
    const pool = join(directory, "pool")
    mkdirSync(pool)
    writeFileSync(join(pool, "package.json"), JSON.stringify({ private: true }))
    const own = ["typeorm", "reflect-metadata", "sql.js", "tsx", "ts-node", "typescript"]
    npmInstall(pool, [
        // That of ts-node and SWC is older than TypeScript 7.
        "--legacy-peer-deps",
        tarball,
        ...own.map((name) => `${name}@${installedManifest(name).version}`),
        "typescript7@npm:typescript@7",
        "@swc-node/register@1",
        "@swc/core@1",
    ])
    for (const version of [5, 7] as const) {
        if (version === 7) useTypeScript7(join(pool, "node_modules"))
        for (const [at, consumer] of CONSUMERS.entries())
            if (consumer.typescript === version)
                check(join(directory, `consumer-${at}`), pool, consumer)
    }
}

/** Loaders look for it beside themselves. */
function useTypeScript7(modules: string): void {
    renameSync(join(modules, "typescript"), join(modules, "typescript5"))
    renameSync(join(modules, "typescript7"), join(modules, "typescript"))
}

function check(project: string, pool: string, consumer: Consumer): void {
    const { typescript, loader, type, refuses } = consumer
    mkdirSync(project)
    const write = (name: string, text: string) => {
        writeFileSync(join(project, name), text)
    }
    const provide = (name: string) => {
        mkdirSync(dirname(join(project, "node_modules", name)), { recursive: true })
        const target = join(pool, "node_modules", name)
        symlinkSync(target, join(project, "node_modules", name), "junction")
    }
    write("package.json", JSON.stringify({ name: "consumer", private: true, type }))
    const module = type === "module" || typescript === 7 ? "nodenext" : "commonjs"
    write("tsconfig.json", JSON.stringify({ compilerOptions: { ...TSCONFIG, module } }))
    write("data-source.ts", loader === "tsx" ? EXPLICIT : INFERRED)
    for (const name of ["typeorm-autosequence", "typeorm", "reflect-metadata", "sql.js"])
        provide(name)
    provide("typescript")
    if (loader !== "compiled") provide(loader)
    if (loader === "@swc-node/register") provide("@swc/core")

    const isCompiled = loader === "compiled"
    if (isCompiled) runNode([join(pool, "node_modules", "typescript", "bin", "tsc")], project)
    const args = ["migration:generate", "-d", `data-source.${isCompiled ? "js" : "ts"}`, "--check"]
    const main = join("node_modules", "typeorm-autosequence", "dist", "cli", "main.js")
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
        cwd: project,
        encoding: "utf8",
        env: { ...process.env, NODE_OPTIONS: "" },
    })
    const isRight = refuses
        ? status === 3 && refuses.test(stderr)
        : status === 1 && stdout.includes("CREATE TABLE")
    console.log(`TypeScript ${typescript}, ${loader}, ${type}: ${isRight ? "right" : "wrong"}`)
    if (!isRight)
        throw new Error(`${JSON.stringify(consumer)}: exit ${String(status)}\n${stdout}\n${stderr}`)
}
