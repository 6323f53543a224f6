/**
 * Checks the links of the documentation: those to files of the repository lead to one, and those to a
 * heading to one that is there. What leads out of the repository is not looked at.
 */
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { anchorOf } from "./anchors"

const ROOT = join(__dirname, "..")

interface Document {
    /** For each line of prose its text; code is left out. */
    readonly lines: readonly string[]
    readonly anchors: ReadonlySet<string>
}

const documents = new Map<string, Document>()
const paths = execFileSync("git", ["ls-files", "*.md"], { cwd: ROOT, encoding: "utf8" })
    .split("\n")
    .filter((path) => path !== "")
const links = paths.flatMap(linksOf)
const problems = links.flatMap(problemOf)

for (const problem of problems) console.error(problem)
console.log(`${links.length} links checked, ${problems.length} problems`)
if (problems.length > 0 || links.length === 0) process.exitCode = 1

interface Link {
    readonly path: string
    readonly line: number
    readonly to: string
}

function linksOf(path: string): Link[] {
    return documentAt(path).lines.flatMap((text, at) =>
        [...text.matchAll(/\]\(<?([^)\s>]+)>?\)|^\[[^\]]+\]:\s*<?([^\s>]+)/g)]
            .map(([, inline, reference]) => inline ?? reference ?? "")
            .filter((to) => !/^[a-z][a-z\d+.-]*:/i.test(to))
            .map((to) => ({ path, line: at + 1, to })),
    )
}

function problemOf({ path, line, to }: Link): string[] {
    const [file = "", anchor] = to.split("#")
    const target = file === "" ? path : normalize(join(dirname(path), decodeURI(file)))
    if (!existsSync(join(ROOT, target))) return [`${path}:${line}: there is no ${target}`]
    if (anchor === undefined) return []
    if (!target.endsWith(".md")) return [`${path}:${line}: ${target} has no headings`]
    return documentAt(target).anchors.has(anchor)
        ? []
        : [`${path}:${line}: ${target} has no heading #${anchor}`]
}

function documentAt(path: string): Document {
    let document = documents.get(path)
    if (!document) documents.set(path, (document = read(path)))
    return document
}

function read(path: string): Document {
    let isCode = false
    const lines = readFileSync(join(ROOT, path), "utf8")
        .split("\n")
        .map((line) => {
            const isFence = /^\s*```/.test(line)
            if (isFence) isCode = !isCode
            return isFence || isCode ? "" : line
        })
    const anchors = new Set<string>()
    for (const line of lines) {
        const [, heading] = /^#{1,6}\s+(.*?)\s*$/.exec(line) ?? []
        if (heading === undefined) continue
        const anchor = anchorOf(heading)
        let last = anchor
        for (let at = 1; anchors.has(last); at += 1) last = `${anchor}-${at}`
        anchors.add(last)
    }
    return { lines, anchors }
}
