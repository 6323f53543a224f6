/**
 * Draws the pictures of the documentation into docs/images. `--check` writes nothing, and fails where one is not what
 * would be drawn now.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { drawBenchmarks } from "./benchmarks"
import { drawDecisionTree } from "./decision-tree"
import { drawAnatomyOfANumber, drawLifeOfAnInvoice } from "./documents"
import { drawTimeline, timelines } from "./timelines"

const DOCS = join(__dirname, "..", "..", "docs")
const IMAGES = join(DOCS, "images")

const pictures = new Map([
    ["decision-tree", drawDecisionTree()],
    ["benchmarks", drawBenchmarks(readFileSync(join(DOCS, "benchmarks.md"), "utf8"))],
    ["draft-final-void", drawLifeOfAnInvoice()],
    ["anatomy", drawAnatomyOfANumber()],
    ...Object.entries(timelines).map(([name, timeline]): [string, string] => [
        `timeline-${name}`,
        drawTimeline(timeline),
    ]),
])

if (process.argv.includes("--check")) check()
else {
    mkdirSync(IMAGES, { recursive: true })
    for (const [name, svg] of pictures) writeFileSync(pathOf(name), svg)
    console.log(`${pictures.size} pictures drawn`)
}

function check(): void {
    const problems = [...pictures]
        .filter(
            ([name, svg]) =>
                !existsSync(pathOf(name)) || readFileSync(pathOf(name), "utf8") !== svg,
        )
        .map(([name]) => `docs/images/${name}.svg is not current: npm run docs:pictures`)
    for (const file of readdirSync(IMAGES))
        if (!pictures.has(file.replace(/\.svg$/, "")))
            problems.push(`Nothing draws docs/images/${file}.`)
    for (const problem of problems) console.error(problem)
    console.log(`${pictures.size} pictures checked, ${problems.length} problems`)
    if (problems.length > 0) process.exitCode = 1
}

function pathOf(name: string): string {
    return join(IMAGES, `${name}.svg`)
}
