// Puts the pages of the site into pages/: the documentation as it is on GitHub, the changelog, and the API by TypeDoc.
// With --watch it serves them as well, and takes over what changes in docs/.
import { spawn } from "node:child_process"
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Application } from "typedoc"

const SITE = dirname(fileURLToPath(import.meta.url))
const ROOT = dirname(SITE)
const DOCS = join(ROOT, "docs")
const PAGES = join(SITE, "pages")

rmSync(PAGES, { recursive: true, force: true })
mkdirSync(PAGES)
for (const name of readdirSync(DOCS)) copy(name)
cpSync(join(DOCS, "images"), join(PAGES, "images"), { recursive: true })
const home = readFileSync(join(SITE, "index.md"), "utf8")
writeFileSync(join(PAGES, "index.md"), home.replaceAll("](../docs/", "]("))
const changes = readFileSync(join(ROOT, "CHANGELOG.md"), "utf8")
writeFileSync(join(PAGES, "changelog.md"), changes.replaceAll("](docs/", "]("))
await writeApi()

if (process.argv.includes("--watch")) {
  watch(DOCS, (_event, name) => name && copy(name))
  spawn(process.execPath, [join(SITE, "node_modules", "vitepress", "bin", "vitepress.js"), "dev"], {
    cwd: SITE,
    stdio: "inherit",
  }).on("exit", (code) => process.exit(code ?? 1))
}

function copy(name) {
  if (!name.endsWith(".md")) return
  const text = readFileSync(join(DOCS, name), "utf8")
  writeFileSync(join(PAGES, name), withTabs(text).replaceAll("](../README.md)", "](index.md)"))
}

/** GitHub shows blocks one after the other, each below its name; the site shows them as tabs. */
function withTabs(text) {
  return text.replace(/<!-- tabs -->\n([^]*?)<!-- \/tabs -->/g, (_all, blocks) => {
    const named = blocks.replace(/^\*\*(.+)\*\*\n\n```(\w+)/gm, "```$2 [$1]")
    return `::: code-group\n${named}:::`
  })
}

async function writeApi() {
  const application = await Application.bootstrapWithPlugins({
    entryPoints: [join(ROOT, "src", "index.ts"), join(ROOT, "src", "nestjs", "index.ts")],
    tsconfig: join(ROOT, "tsconfig.build.json"),
    plugin: ["typedoc-plugin-markdown", "typedoc-vitepress-theme"],
    out: join(PAGES, "api"),
    docsRoot: PAGES,
    name: "API",
    readme: "none",
    disableSources: true,
    // `npm run typecheck` looks for errors.
    skipErrorChecking: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    hideBreadcrumbs: true,
    entryFileName: "index",
    parametersFormat: "table",
    propertiesFormat: "list",
    logLevel: "Error",
    sidebar: { pretty: false },
  })
  const project = await application.convert()
  if (!project || application.logger.hasErrors()) throw new Error("TypeDoc can't read src/.")
  const [core, nestjs] = project.children ?? []
  if (core && nestjs) {
    core.name = "typeorm-autosequence"
    nestjs.name = "typeorm-autosequence/nestjs"
  }
  await application.generateOutputs(project)
  if (application.logger.hasErrors()) throw new Error("TypeDoc can't write the API.")
}
