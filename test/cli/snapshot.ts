import { expect } from "chai"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Result } from "./project"

const DIRECTORY = join("test", "cli", "snapshots")

/** What differs each time it runs. */
export function steady(
    text: string,
    ...others: readonly (readonly [RegExp | string, string])[]
): string {
    return [
        ...others,
        // Git has the files with other ends of lines.
        [/\r\n/g, "\n"],
        [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z/g, "2026-01-01 12:00:00Z"],
        [/(better-sqlite3|postgres|mariadb) \d[^)"]*/g, "$1 1.0"],
        [
            /typeorm-autosequence \d\S+, TypeORM \S+, Node\.js \S+, (\w+) [\d.]+/g,
            "typeorm-autosequence 1.0, TypeORM 1.0, Node.js 1.0, $1 1.0",
        ],
        [/"(version|library|typeorm|node)": "[^"]*"/g, '"$1": "1.0"'],
    ].reduce<string>((found, [from, to]) => found.replaceAll(from as string, to as string), text)
}

/** Expects a text that a person has read. `UPDATE_SNAPSHOTS=1` writes it, to be read. */
export function expectSnapshot(name: string, text: string): void {
    const path = join(DIRECTORY, name)
    if (process.env.UPDATE_SNAPSHOTS && !process.env.CI) {
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(path, text)
        return
    }
    if (!existsSync(path))
        throw new Error(`There is no ${path}. UPDATE_SNAPSHOTS=1 writes it; read it then.`)
    expect(text).to.equal(readFileSync(path, "utf8"))
}

/** Everything that a person would see of a command. */
export function shown({ status, stdout, stderr }: Result): string {
    return `${stdout}${stderr === "" ? "" : `--- stderr\n${stderr}`}--- ${status}\n`
}
