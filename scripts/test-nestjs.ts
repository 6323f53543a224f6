/**
 * Runs the tests of the NestJS module on another version of NestJS and of TypeORM than those that are
 * installed here: on the packed library, in a project that has these versions.
 *
 *     npm run test:nestjs -- --nest 11 --typeorm 0.3
 */
import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import {
    installedManifest,
    npmInstall,
    pack,
    readManifest,
    ROOT,
    runNode,
    toolPath,
} from "./packed"

/** Those whose major version is that of NestJS. */
const NEST = ["common", "core", "platform-express", "platform-fastify", "testing"]
/** What works on several versions of both, and has to find those of the project. */
const SHARED = [
    "@nestjs-cls/transactional",
    "@nestjs-cls/transactional-adapter-typeorm",
    "nestjs-cls",
    "pg",
    "reflect-metadata",
    "rxjs",
    "typeorm-transactional",
]
const MOCHA_OPTIONS = `module.exports = {
    ...require("../../.mocharc.js"),
    require: ["ts-node/register", "./test/support/root-hooks.ts"],
    spec: "test/nestjs",
}
`

function main(): void {
    const { values } = parseArgs({
        options: { nest: { type: "string" }, typeorm: { type: "string" } },
    })
    const { nest, typeorm } = values
    if (!nest || !typeorm) throw new Error("Give both: --nest 10, 11 or 12, --typeorm 0.3 or 1.")
    // Inside the repository, so that the tests find there what isn't installed in the project.
    const project = join(ROOT, ".tmp", `nestjs-${nest}-typeorm-${typeorm}`)
    rmSync(project, { recursive: true, force: true })
    mkdirSync(project, { recursive: true })

    install(project, nest, typeorm)
    refuseOthers(project, { "@nestjs/core": nest, "@nestjs/common": nest, typeorm })
    copyTests(project)
    checkDeclarations(project)
    const { status } = spawnSync(process.execPath, [toolPath("mocha", "mocha")], {
        cwd: project,
        stdio: "inherit",
    })
    process.exitCode = status ?? 1
}

function install(project: string, nest: string, typeorm: string): void {
    writeFileSync(join(project, "package.json"), '{ "name": "nestjs-tests", "private": true }\n')
    // Its 10.x knows TypeORM 0.3 alone.
    const nestTypeorm = nest === "10" && typeorm !== "0.3" ? "11" : nest
    // Its 10.x takes an indicator's result for a success, whatever it says.
    const terminus = nest === "10" ? "11" : nest
    npmInstall(project, [
        pack(project),
        `typeorm@${typeorm}`,
        `@nestjs/typeorm@${nestTypeorm}`,
        `@nestjs/terminus@${terminus}`,
        ...NEST.map((name) => `@nestjs/${name}@${nest}`),
        ...SHARED.map((name) => `${name}@${installedManifest(name).version}`),
    ])
}

/** The tests would find other versions a few folders above. */
function refuseOthers(project: string, expected: Record<string, string>): void {
    for (const [name, version] of Object.entries(expected)) {
        const found = readManifest(join(project, "node_modules", name, "package.json")).version
        if (!found.startsWith(`${version}.`))
            throw new Error(`${name} is ${found}, not ${version}.`)
        console.log(`${name} ${found}`)
    }
}

/** With the declarations of these versions, of which others may have other types. */
function checkDeclarations(project: string): void {
    const compilerOptions = {
        target: "ES2022",
        module: "nodenext",
        strict: true,
        experimentalDecorators: true,
        noEmit: true,
        types: ["node"],
        typeRoots: [join(ROOT, "node_modules", "@types")],
    }
    const files = ["node_modules/typeorm-autosequence/dist/nestjs/index.d.ts"]
    const path = join(project, "tsconfig.declarations.json")
    writeFileSync(path, JSON.stringify({ compilerOptions, files }))
    runNode([toolPath("typescript", "tsc"), "-p", path], project)
}

/** The tests import "../../src", which is the build of the installed package here. */
function copyTests(project: string): void {
    for (const directory of ["nestjs", "support"])
        cpSync(join(ROOT, "test", directory), join(project, "test", directory), { recursive: true })
    symlinkSync(join("node_modules", "typeorm-autosequence", "dist"), join(project, "src"), "dir")
    const extended = JSON.stringify({ extends: join(ROOT, "tsconfig.json") })
    writeFileSync(join(project, "tsconfig.json"), extended)
    writeFileSync(join(project, ".mocharc.js"), MOCHA_OPTIONS)
}

main()
