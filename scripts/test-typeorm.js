/**
 * Runs tests on another version of TypeORM than those that are installed here, without NestJS, which
 * brings its own. What follows the version is mocha's; without it, these are the tests of what differs
 * between versions.
 *
 *     npm run test:typeorm -- 0.3.20
 *     npm run test:typeorm -- 0.3.27 test/behaviour/cascades.test.ts
 */
const { spawnSync } = require("node:child_process")
const { existsSync, mkdirSync, writeFileSync } = require("node:fs")
const { join } = require("node:path")

const ROOT = join(__dirname, "..")
const USUAL = ["behaviour", "migrations", "strategies/counter"].map(
  (name) => `test/${name}/**/*.test.ts`,
)

const [version, ...given] = process.argv.slice(2)
if (!/^\d+\.\d+\.\d+/.test(version ?? "")) throw new Error("Give a version: 0.3.20, for example.")
// Inside the repository, so that it finds the drivers there.
const directory = join(ROOT, ".tmp", `typeorm-${version}`)
if (!existsSync(join(directory, "node_modules", "typeorm"))) install()
const ended = spawnSync(
  process.execPath,
  [
    require.resolve("mocha/bin/mocha.js"),
    ...["--ignore", "test/nestjs/**"],
    ...(given.length > 0 ? given : USUAL),
  ],
  { cwd: ROOT, stdio: "inherit", env: { ...process.env, TYPEORM: version } },
)
process.exitCode = ended.status ?? 1

function install() {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, "package.json"), '{ "private": true }\n')
  const options = ["--no-audit", "--no-fund", "--legacy-peer-deps", "--ignore-scripts"]
  const args = [process.env.npm_execpath, "install", ...options, `typeorm@${version}`]
  const { status } = spawnSync(process.execPath, args, { cwd: directory, stdio: "inherit" })
  if (status !== 0) throw new Error(`typeorm@${version} can't be installed.`)
}
