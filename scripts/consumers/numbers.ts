import { cpSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { ROOT } from "../packed"

/** What it prints. */
export const EXPECTED = "1,1,2"
const MAIN = 'import { numbers } from "./numbers.mjs"\nvoid numbers().then(console.log)\n'

/** A program, `main.mjs`, that saves rows in sql.js and prints their numbers. */
export function writeProgram(directory: string): void {
    cpSync(join(ROOT, "test", "consumers", "numbers.mjs"), join(directory, "numbers.mjs"))
    writeFileSync(join(directory, "main.mjs"), MAIN)
    writeFileSync(join(directory, "package.json"), JSON.stringify({ private: true }))
}

export function expectNumbers(title: string, printed: string): void {
    console.log(`${title}: ${printed.trim()}`)
    if (printed.trim() !== EXPECTED) throw new Error(`${title} printed "${printed}".`)
}
