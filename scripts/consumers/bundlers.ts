/**
 * Tries the packed package in bundles, in test runners and as an ES module, each by saving rows and looking at their
 * numbers.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { npmInstall, pinned, runNode } from "../packed"
import { EXPECTED, expectNumbers, writeProgram } from "./numbers"

const TOOLS = ["esbuild@0.28", "webpack@5", "vite@8", "jest@30", "vitest@4"]
const OWN = ["reflect-metadata", "sql.js"]

/** Jest runs CommonJS, and replaces the timers also of what is required. */
const JEST = `
const { numbers } = require("./bundled.cjs")
test("numbers with fake timers", async () => {
  jest.useFakeTimers()
  expect(await numbers()).toBe("${EXPECTED}")
})
`
const VITEST = `
import { expect, test, vi } from "vitest"
import { numbers } from "./numbers.mjs"
test("numbers with fake timers", async () => {
  vi.useFakeTimers()
  expect(await numbers()).toBe("${EXPECTED}")
})
`
const WEBPACK = `
const { join } = require("node:path")
const externals = Object.fromEntries(["typeorm", "sql.js"].map((name) => [name, "commonjs " + name]))
const output = { path: __dirname, filename: "webpack.out.cjs" }
const options = { entry: join(__dirname, "main.mjs"), mode: "production", target: "node", externals, output }
require("webpack")(options, (error, stats) => {
  const failed = error ?? stats.compilation.errors[0]
  if (failed) throw failed
})
`

const BUILD = { bundle: true, platform: "node", logLevel: "error" }

export function checkBundlers(directory: string, tarball: string): void {
    const project = join(directory, "bundlers")
    mkdirSync(project)
    writeProgram(project)
    npmInstall(project, [tarball, pinned("typeorm"), ...OWN.map(pinned), ...TOOLS])
    const write = (name: string, text: string) => {
        writeFileSync(join(project, name), text)
    }
    const tool = (path: string, ...args: string[]) =>
        runNode([join("node_modules", path), ...args], project)
    expectNumbers("ES module", runNode(["main.mjs"], project))

    // By its API, as the command may be a script or a binary.
    const esbuild = (entry: string, outfile: string, packages: string) => {
        const build = { ...BUILD, entryPoints: [entry], outfile, packages }
        runNode(["-e", `require("esbuild").buildSync(${JSON.stringify(build)})`], project)
    }
    for (const packages of ["external", "bundle"]) {
        esbuild("main.mjs", `${packages}.cjs`, packages)
        expectNumbers(`esbuild, ${packages}`, runNode([`${packages}.cjs`], project))
    }

    write("webpack.cjs", WEBPACK)
    runNode(["webpack.cjs"], project)
    expectNumbers("webpack", runNode(["webpack.out.cjs"], project))

    tool(join("vite", "bin", "vite.js"), "build", "--ssr", "main.mjs", "--logLevel", "error")
    expectNumbers("Vite", runNode([join("dist", "main.mjs")], project))

    esbuild("numbers.mjs", "bundled.cjs", "external")
    write("jest.config.json", JSON.stringify({ transform: {}, testMatch: ["**/*.spec.cjs"] }))
    write("numbers.spec.cjs", JEST)
    tool(join("jest", "bin", "jest.js"), "-c", "jest.config.json", "--ci")
    write("numbers.test.mjs", VITEST)
    tool(join("vitest", "vitest.mjs"), "run", "numbers.test.mjs")
    console.log("Jest, Vitest: right")
}
