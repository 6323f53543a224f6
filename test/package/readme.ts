/**
 * Does what the README says, by copy and paste in an empty folder, with the library as it is packed: its files are
 * written, its commands run in their order, and its program prints the numbers that the README shows; first as it
 * stands, then with migrations, as its part about production says.
 *
 * npm run check:readme
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { pack, ROOT } from "../../scripts/packed"

interface Block {
    /** `sh`, `ts`, `ts fragment`, `text` … */
    readonly info: string
    readonly text: string
    /** The name that stands on a line of its own before it. */
    readonly file: string | undefined
}

const FIRST = "The first number in five minutes"
const PRODUCTION = "Production"
/** What the README tells to take out for production. */
const SYNCHRONIZE = /^ *synchronize: true,.*\n/m

/**
 * @param tarball the library as `npm pack` has written it
 * @param translate into the commands of another package manager
 */
export function followReadme(
    tarball: string,
    translate = (commands: string): string => commands,
): void {
    const sections = sectionsOf(readFileSync(join(ROOT, "README.md"), "utf8"))
    const [entity, output] = sections.get("") ?? []
    const first = sections.get(FIRST) ?? []
    const production = sections.get(PRODUCTION)?.filter(({ info }) => info === "sh") ?? []
    if (!entity || output?.info !== "text" || production.length === 0)
        throw new Error("README.md has no entity with its output, or no commands for production.")
    const program = first.find(({ file }) => file === "data-source.ts")
    if (!program?.text.includes(entity.text))
        throw new Error("data-source.ts of README.md is not the entity at its top.")

    const folder = mkdtempSync(join(tmpdir(), "autosequence-readme-"))
    try {
        const project = join(folder, "project")
        mkdirSync(project)
        const run = (lines: string) => {
            const packed = lines.replace(/(?<=npm install .*)\btypeorm-autosequence\b/g, tarball)
            return runCommands(translate(packed), project)
        }
        let printed = ""
        for (const block of first)
            if (block.file) writeFileSync(join(project, block.file), block.text)
            else if (block.info === "sh") printed = run(block.text)
        expectSame(printed, output.text)

        if (!SYNCHRONIZE.test(program.text))
            throw new Error("README.md has no synchronize to take out.")
        writeFileSync(join(project, "data-source.ts"), program.text.replace(SYNCHRONIZE, ""))
        rmSync(join(project, "data"), { recursive: true })
        for (const { text } of production) run(text)
        expectSame(run("node first.js"), output.text)
        console.log("README.md does what it says.")
    } finally {
        rmSync(folder, { recursive: true, force: true })
    }
}

/** The blocks of code by the heading that they stand under; what is before the first one by "". */
function sectionsOf(markdown: string): Map<string, Block[]> {
    const sections = new Map<string, Block[]>()
    for (const section of `\n${markdown}`.split(/^## /m)) {
        const heading = section.startsWith("\n") ? "" : section.slice(0, section.indexOf("\n"))
        const blocks = section.matchAll(
            /(?:^`(?<file>[\w.-]+)`\n\n)?^```(?<info>.*)\n(?<text>[^]*?)^```$/gm,
        )
        sections.set(
            heading,
            [...blocks].map(({ groups }) => ({
                info: groups?.info ?? "",
                text: groups?.text ?? "",
                file: groups?.file,
            })),
        )
    }
    return sections
}

/** What the commands print. */
function runCommands(commands: string, project: string): string {
    console.log(commands.trim().replace(/^/gm, "> "))
    try {
        return execFileSync("sh", ["-ec", commands], {
            cwd: project,
            env: userEnvironment(),
            encoding: "utf8",
            stdio: ["ignore", "pipe", "pipe"],
        })
    } catch (error) {
        const { stdout, stderr } = error as { stdout: string; stderr: string }
        throw new Error(`This failed: ${commands}\n${stdout}\n${stderr}`, { cause: error })
    }
}

/** That of a user: without the settings that npm gives its scripts, and without the commands of this checkout. */
function userEnvironment(): NodeJS.ProcessEnv {
    const entries = Object.entries(process.env).filter(([name]) => !/^npm_|^INIT_CWD$/i.test(name))
    const path = (process.env.PATH ?? "")
        .split(delimiter)
        .filter((directory) => !directory.includes("node_modules"))
    return {
        ...Object.fromEntries(entries),
        PATH: path.join(delimiter),
        npm_config_prefer_offline: "true",
        npm_config_audit: "false",
        npm_config_fund: "false",
    }
}

function expectSame(printed: string, expected: string): void {
    if (printed.trim() !== expected.trim())
        throw new Error(`The program printed:\n${printed}\ninstead of:\n${expected}`)
}

function main(): void {
    const directory = mkdtempSync(join(tmpdir(), "autosequence-packed-"))
    try {
        followReadme(pack(directory))
    } catch (error) {
        console.error(error instanceof Error ? error.message : error)
        process.exitCode = 1
    } finally {
        rmSync(directory, { recursive: true, force: true })
    }
}

if (require.main === module) main()
