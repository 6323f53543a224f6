/**
 * Installs examples/nestjs-invoices with the library as it is packed from this checkout, and runs one
 * of its scripts:
 *
 *     node scripts/nestjs-example.js          installs
 *     node scripts/nestjs-example.js test     installs, and runs `npm run test` there
 *     node scripts/nestjs-example.js lock     writes its package-lock.json anew
 */
const { spawnSync } = require("node:child_process")
const {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} = require("node:fs")
const { tmpdir } = require("node:os")
const { isDeepStrictEqual } = require("node:util")
const { join } = require("node:path")

const ROOT = join(__dirname, "..")
const EXAMPLE = join(ROOT, "examples", "nestjs-invoices")
const LOCK = join(EXAMPLE, "package-lock.json")
const LIBRARY = "node_modules/typeorm-autosequence"

const [script] = process.argv.slice(2)
pack()
if (script === "lock") lock()
else {
  refuseOldLock()
  npm(EXAMPLE, "ci", "--no-audit", "--no-fund")
  if (script !== undefined) npm(EXAMPLE, "run", script)
}

function pack() {
  const directory = mkdtempSync(join(tmpdir(), "nestjs-example-"))
  try {
    npm(ROOT, "pack", "--silent", "--pack-destination", directory)
    const [tarball] = readdirSync(directory)
    copyFileSync(join(directory, tarball), join(EXAMPLE, "typeorm-autosequence.tgz"))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function lock() {
  // npm would take from it what the library depends on.
  const before = readJson(LOCK)
  delete before.packages[LIBRARY]
  writeFileSync(LOCK, JSON.stringify(before))
  npm(EXAMPLE, "install", "--package-lock-only", "--no-audit", "--no-fund")
  const content = readJson(LOCK)
  // It would be that of this tarball alone.
  delete content.packages[LIBRARY].integrity
  writeFileSync(LOCK, `${JSON.stringify(content, null, 2)}\n`)
}

/** npm takes the dependencies of the library from the lock file, whatever the tarball says. */
function refuseOldLock() {
  const locked = readJson(LOCK).packages[LIBRARY]
  const manifest = readJson(join(ROOT, "package.json"))
  const isSame = ["dependencies", "peerDependencies"].every((name) =>
    isDeepStrictEqual(locked[name], manifest[name]),
  )
  if (isSame && !locked.integrity) return
  console.error("The lock file of the example is out of date: node scripts/nestjs-example.js lock")
  process.exit(1)
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"))
}

function npm(cwd, ...args) {
  // On Windows npm is a script of the shell.
  const shell = process.platform === "win32"
  const { status } = spawnSync("npm", args, { cwd, stdio: "inherit", shell })
  if (status !== 0) process.exit(status ?? 1)
}
