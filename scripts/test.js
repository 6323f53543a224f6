/**
 * Runs the tests, two parts of them at a time: `npm test` on one server of each database and on
 * TypeORM 1.x, with the behaviour on 0.3 as well; `npm run test:all` all of them on both, and on every
 * server. Arguments are mocha's, and are for one run on TypeORM 1.x.
 */
const { spawn } = require("node:child_process")
const { readdirSync } = require("node:fs")
const { join } = require("node:path")
const { performance } = require("node:perf_hooks")

const MOCHA = require.resolve("mocha/bin/mocha.js")
const TESTS = join(__dirname, "../test")
const ON_1 = []
const ON_0_3 = ["--config", ".mocharc.typeorm-0.3.js"]
// Names of databases and schemas have the process's id in them, so that parts don't meet.
const AT_A_TIME = 2

const NO_TESTS = ["support"]
const LONGEST_FIRST = ["nestjs", "pseudo-keys", "strategies", "behaviour", "cli", "sequence"]

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
  if (given.length > 0) return (await run("", [...ON_1, ...given], "inherit")).status
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

/** The longest first, so that none is left alone at the end. */
function partsOf() {
  const part = (version, options, name, ...specs) => ({
    title: `${name} on TypeORM ${version}`,
    args: [...options, ...specs],
  })
  const names = readdirSync(TESTS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !NO_TESTS.includes(entry.name))
    .map(({ name }) => name)
  const ordered = [
    ...LONGEST_FIRST.filter((name) => names.includes(name)),
    ...names.filter((name) => !LONGEST_FIRST.includes(name)),
  ]
  const on = (version, options, folders) => [
    ...folders.map((name) => part(version, options, name, `test/${name}/**/*.test.ts`)),
  ]
  return [
    ...on("1.x", ON_1, ordered),
    part("1.x", ON_1, "the rest", "test/*.test.ts"),
    ...(isAll
      ? [
          ...on(
            "0.3",
            ON_0_3,
            ordered.filter((name) => name !== "nestjs"),
          ),
          part("0.3", ON_0_3, "the rest", "test/*.test.ts"),
        ]
      : on("0.3", ON_0_3, ["behaviour"])),
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
