/**
 * Type-checks the examples of the documentation: every block that is fenced by ```ts in README.md,
 * in docs/ and in the doc comments of src/. A block stands for itself, with its imports; one that
 * can't is fenced by ```ts fragment and is left out. And what the command `demo` prints.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import ts from "typescript"
import { CODE } from "../src/cli/demo/code"

interface Example {
    /** Where the reader finds it. */
    readonly source: string
    /** The line of its first line of code, from 1. */
    readonly line: number
    readonly code: string
}

const ROOT = join(__dirname, "..")
const DIRECTORY = join(ROOT, ".tmp", "doc-examples")

const documents = ["README.md", ...list("docs", ".md"), ...list("src", ".ts")]
const examples = [
    ...documents.flatMap(extract),
    { source: "src/cli/demo/code.ts", line: 2, code: CODE },
]
const problems = check(examples)

for (const problem of problems) console.error(problem)
console.log(`${examples.length} examples checked, ${problems.length} problems`)
if (problems.length > 0 || examples.length === 0) process.exitCode = 1

function list(directory: string, extension: string): string[] {
    if (!existsSync(join(ROOT, directory))) return []
    return readdirSync(join(ROOT, directory), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(extension))
        .map((name) => join(directory, name))
        .sort()
}

function extract(source: string): Example[] {
    const lines = readFileSync(join(ROOT, source), "utf8").split("\n")
    const found: Example[] = []
    // What stands before the fence, be it a list's indentation or a comment's " * ", stands before
    // each of its lines.
    let open: { prefix: string; info: string; start: number } | undefined
    lines.forEach((line, at) => {
        const fence = /^(?<prefix>\s*(?:\* )?\s*)```(?<info>.*)$/.exec(line)?.groups
        if (!fence) return
        if (!open) {
            open = { prefix: fence.prefix ?? "", info: fence.info ?? "", start: at + 1 }
            return
        }
        const { info: language, start, prefix: before } = open
        open = undefined
        if (!/^\s*(ts|typescript)\b/.test(language) || /\bfragment\b/.test(language)) return
        const code = lines.slice(start, at).map((text) => text.slice(before.length))
        found.push({ source, line: start + 1, code: code.join("\n") })
    })
    if (open) throw new Error(`${source}:${open.start}: this block has no end.`)
    return found
}

function check(all: readonly Example[]): string[] {
    rmSync(DIRECTORY, { recursive: true, force: true })
    mkdirSync(DIRECTORY, { recursive: true })
    const files = new Map(
        all.map((example, at): [string, Example] => {
            const path = resolve(DIRECTORY, `example-${at + 1}.mts`)
            // As a module, an example may await, and declares nothing for the others.
            writeFileSync(path, `${example.code}\nexport {}\n`)
            return [path, example]
        }),
    )
    const program = ts.createProgram([...files.keys()], {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.Node20,
        strict: true,
        noUncheckedIndexedAccess: true,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        esModuleInterop: true,
        skipLibCheck: true,
        noEmit: true,
        types: ["node"],
        typeRoots: [join(ROOT, "node_modules", "@types")],
        paths: {
            "typeorm-autosequence": [join(ROOT, "src", "index.ts")],
            "typeorm-autosequence/nestjs": [join(ROOT, "src", "nestjs", "index.ts")],
        },
    })
    return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
        const text = ts.flattenDiagnosticMessageText(messageText, "\n  ")
        if (!file) return text
        const example = files.get(resolve(file.fileName))
        const line = file.getLineAndCharacterOfPosition(start).line
        return example
            ? `${example.source}:${example.line + line}: ${text}`
            : `${relative(ROOT, file.fileName)}:${line + 1}: ${text}`
    })
}
