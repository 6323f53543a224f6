/**
 * Runs the tests on both TypeORM versions: one after the other, or at the same time with TEST_SHORT, when
 * the output of the second run follows that of the first. Arguments are mocha's.
 */
const { spawn } = require("node:child_process")

const MOCHA = require.resolve("mocha/bin/mocha.js")
const ON_1 = []
const ON_0_3 = ["--config", ".mocharc.typeorm-0.3.js"]

const main = process.env.TEST_SHORT ? runTogether : runInTurn
main().then((status) => {
  process.exitCode = status
})

async function runInTurn() {
  const { status } = await run(ON_1, "inherit")
  return status || (await run(ON_0_3, "inherit")).status
}

async function runTogether() {
  const other = run(ON_0_3, "pipe")
  const { status } = await run(ON_1, "inherit")
  const { status: otherStatus, output } = await other
  process.stdout.write(output)
  return status || otherStatus
}

function run(options, stdio) {
  const args = [MOCHA, ...options, ...process.argv.slice(2)]
  const child = spawn(process.execPath, args, { stdio: ["ignore", stdio, stdio] })
  const chunks = []
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => chunks.push(data))
  return new Promise((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (code) => {
      resolve({ status: code ?? 1, output: Buffer.concat(chunks) })
    })
  })
}
