/**
 * What ts-node asks for JavaScript: TypeScript itself, whose answers are kept. The tests are many
 * processes, and to transpile the library anew takes each of them longer than what it tests.
 */
const { createHash } = require("node:crypto")
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs")
const { join } = require("node:path")
const ts = require("typescript")

const CACHE = join(__dirname, "../node_modules/.cache/typeorm-autosequence")

exports.create = ({ service }) => {
  const compilerOptions = service.config.options
  const settings = JSON.stringify([ts.version, compilerOptions])
  return {
    transpile(code, { fileName }) {
      const key = createHash("sha256").update(JSON.stringify([settings, fileName, code]))
      const path = join(CACHE, `${key.digest("hex")}.json`)
      const kept = read(path)
      if (kept) return kept
      const made = ts.transpileModule(code, { fileName, compilerOptions, reportDiagnostics: true })
      const { outputText, sourceMapText, diagnostics } = made
      if (diagnostics.length === 0) write(path, { outputText, sourceMapText })
      return made
    },
  }
}

function read(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"))
  } catch (error) {
    if (error.code !== "ENOENT") throw error
  }
}

/** Under another name first: others read at the same time. */
function write(path, output) {
  mkdirSync(CACHE, { recursive: true })
  const unfinished = `${path}.${process.pid}`
  writeFileSync(unfinished, JSON.stringify(output))
  renameSync(unfinished, path)
}
