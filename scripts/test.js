/**
 * Runs the tests, two parts of them at a time: `npm test` on one server of each database and on
 * TypeORM 1.x, with the behaviour and drafts on 0.3 and SQLite as well; `npm run test:all` all of them on both, and on
 * every server. Arguments are mocha's, and are for one run on TypeORM 1.x.
 */
const { spawn } = require("node:child_process")
const { readdirSync } = require("node:fs")
const { dirname, join, sep } = require("node:path")
const { performance } = require("node:perf_hooks")

const MOCHA = require.resolve("mocha/bin/mocha.js")
const ROOT = join(__dirname, "..")
// Names of databases and schemas have the process's id in them, so that parts don't meet.
const AT_A_TIME = 2
/** How many of the shorter folders are one part: to start takes longer than many a folder. */
const FOLDERS_TOGETHER = 3

const ON_1 = { version: "1.x", options: [] }
const ON_0_3 = { version: "0.3", options: ["--config", ".mocharc.typeorm-0.3.js"] }
const ON_0_3_AND_SQLITE = {
  version: "0.3, SQLite alone",
  options: [...ON_0_3.options, "--grep", "better-sqlite3"],
}
/** So that none of them is left alone at the end. */
const LONGEST_FIRST = [
  "cli",
  "pseudo-keys",
  "behaviour",
  "strategies/trigger",
  "strategies/counter",
  "nestjs",
  "migrations",
  "pseudo-keys/matrix",
  "documents",
  "strategies/later",
  "strategies/table-lock",
]

const isAll = process.argv[2] === "--all"
const given = process.argv.slice(isAll ? 3 : 2)
// Tests whose order or values are random print this, and run the same again where it is set.
const seed = process.env.TEST_SEED ?? String(Math.floor(Math.random() * 2 ** 31))
const env = { ...process.env, TEST_SEED: seed, ...(isAll && { TEST_ALL: "true" }) }

main().then((status) => {
  process.exitCode = status
})

async function main() {
  console.log(`TEST_SEED=${seed}`)
  if (given.length > 0) return (await run("", given, "inherit")).status
  const parts = partsOf()
  let status = 0
  const work = async () => {
    for (let part = parts.shift(); part; part = parts.shift()) {
      const ended = await run(part.title, part.args, "pipe")
      process.stdout.write(ended.output)
      status ||= ended.status
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work))
  return status
}

/** Each folder that has tests, on each version of TypeORM that it is tested on. */
function partsOf() {
  const tests = readdirSync(join(ROOT, "test"), { recursive: true })
    .filter((path) => path.endsWith(".test.ts"))
    .map((path) => dirname(path).replaceAll(sep, "/"))
  const rest = [...new Set(tests)].filter((folder) => !LONGEST_FIRST.includes(folder))
  const parts = LONGEST_FIRST.map((folder) => [folder])
  while (rest.length > 0) parts.push(rest.splice(0, FOLDERS_TOGETHER))
  const on = ({ version, options }, folders) => ({
    title: `${folders.map((folder) => (folder === "." ? "the rest" : folder)).join(", ")} on TypeORM ${version}`,
    args: [...options, ...folders.map((folder) => `test/${folder}/*.test.ts`)],
  })
  return [
    ...(isAll
      ? parts.filter(([folder]) => folder !== "nestjs").map((folders) => on(ON_0_3, folders))
      : [on(ON_0_3_AND_SQLITE, ["behaviour", "drafts"])]),
    ...parts.map((folders) => on(ON_1, folders)),
  ]
}

function run(title, options, stdio) {
  const args = [MOCHA, ...options]
  const began = performance.now()
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", stdio, stdio] })
  const chunks = []
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => chunks.push(data))
  return new Promise((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (code) => {
      const seconds = Math.round((performance.now() - began) / 1000)
      chunks.unshift(Buffer.from(`\n== ${title}, ${seconds} s\n`))
      resolve({ status: code ?? 1, output: Buffer.concat(chunks) })
    })
  })
}
