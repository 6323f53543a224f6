import { parseArgs } from "node:util"
import { type Fault, FAULTS } from "./faults"
import type { DatabaseName } from "./servers/server"
import { ALL, type TortureName } from "./strategies"

export interface TortureOptions {
    readonly minutes: number
    readonly seed: number
    readonly names: readonly TortureName[]
    readonly faults: readonly Fault[]
    readonly databases: readonly DatabaseName[]
    readonly workers: number
    readonly connections: number
}

const DATABASES: readonly DatabaseName[] = ["postgres", "mariadb", "galera"]

export const USAGE = `npm run torture -- [options]

  --minutes 2        how long each database is written to
  --seed N           of everything that is random; another one each time
  --strategies LIST  ${ALL.join(",")}
  --faults LIST      ${FAULTS.join(",")}; none for no fault
  --databases LIST   ${DATABASES.join(",")}
  --workers 4        processes
  --connections 6    of each process, each with a transaction of its own
`

export function readOptions(args: readonly string[]): TortureOptions | "help" {
    const text = { type: "string" } as const
    const { values } = parseArgs({
        args: [...args],
        options: {
            minutes: { ...text, default: "2" },
            seed: { ...text, default: String(Math.floor(Math.random() * 2 ** 31)) },
            strategies: { ...text, default: ALL.join(",") },
            faults: { ...text, default: FAULTS.join(",") },
            databases: { ...text, default: "postgres,mariadb" },
            workers: { ...text, default: "4" },
            connections: { ...text, default: "6" },
            help: { type: "boolean", default: false },
        },
    })
    if (values.help) return "help"
    return {
        minutes: positive("minutes", values.minutes),
        seed: positive("seed", values.seed),
        names: listOf("strategies", values.strategies, ALL),
        faults: values.faults === "none" ? [] : listOf("faults", values.faults, FAULTS),
        databases: listOf("databases", values.databases, DATABASES),
        workers: positive("workers", values.workers),
        connections: positive("connections", values.connections),
    }
}

function positive(name: string, text: string): number {
    const number = Number(text)
    if (!(number > 0 && Number.isFinite(number)))
        throw new Error(`--${name} is ${text}, give a number above 0.`)
    return number
}

function listOf<Name extends string>(option: string, text: string, known: readonly Name[]): Name[] {
    return text.split(",").map((name) => {
        const found = known.find((one) => one === name)
        if (found === undefined)
            throw new Error(`--${option}: ${name} is none of ${known.join(", ")}.`)
        return found
    })
}
