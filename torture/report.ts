import Table from "cli-table3"
import type { Judgement } from "./judge/judge"
import type { Violation } from "./judge/violation"
import type { TortureOptions } from "./options"
import type { DatabaseName } from "./servers/server"
import type { Workers } from "./workers"

/** How many violations are shown, and how many of them with their history. */
const SHOWN = 20
const WITH_HISTORY = 3
const PLAIN = { head: [], border: [], compact: true }

/** Prints what was done and what was found, and returns whether all was right. */
export function printResult(
    database: DatabaseName,
    options: TortureOptions,
    faults: Readonly<Record<string, number>>,
    { totals, wrong }: Workers,
    judgement: Judgement,
    logs: string,
): boolean {
    const violations: Violation[] = [
        ...judgement.violations,
        ...wrong.map((text) => ({ text })),
        ...totals.unexpected.map((text) => ({
            text: `A caller got what nobody should see: ${text}`,
        })),
    ]
    console.log(`\n${database}, ${options.minutes} minutes, seed ${options.seed}`)
    console.log(operationsTable(totals.operations))
    console.log(tableOf("fault", faults))
    console.log(tableOf("error that callers got", totals.errors))
    console.log(
        `${totals.transactions} transactions, ${judgement.acknowledged} rows acknowledged, ` +
            `${judgement.rows} there at the end, the slowest transaction took ${(totals.slowest / 1000).toFixed(1)} s.`,
    )
    for (const [at, violation] of violations.slice(0, SHOWN).entries()) {
        console.log(`\nVIOLATION ${violation.text}`)
        if (at < WITH_HISTORY)
            for (const line of judgement.history(violation).slice(-60)) console.log(`    ${line}`)
    }
    console.log(`\n${database}: ${violations.length} violations.`)
    if (violations.length > 0)
        console.log(
            `Seed ${options.seed}: npm run torture -- --seed ${options.seed} --databases ${database} ` +
                `--minutes ${options.minutes}. What the workers have written is in ${logs}.`,
        )
    return violations.length === 0
}

function tableOf(title: string, counts: Readonly<Record<string, number>>): string {
    const table = new Table({ head: [title, "times"], style: PLAIN })
    for (const [name, count] of Object.entries(counts).sort(([a], [b]) => a.localeCompare(b)))
        table.push([name, count])
    return table.toString()
}

/** Operations down, and what makes the numbers across. */
function operationsTable(counts: Readonly<Record<string, number>>): string {
    const cells = Object.entries(counts).map(([name, count]) => {
        const [strategy = "", operation = ""] = name.split(": ")
        return { strategy, operation, count }
    })
    const sorted = (names: string[]) => [...new Set(names)].sort((a, b) => a.localeCompare(b))
    const strategies = sorted(cells.map(({ strategy }) => strategy))
    const table = new Table({ head: ["operation", ...strategies], style: PLAIN })
    for (const operation of sorted(cells.map((cell) => cell.operation)))
        table.push([
            operation,
            ...strategies.map(
                (strategy) =>
                    cells.find((cell) => cell.strategy === strategy && cell.operation === operation)
                        ?.count ?? "",
            ),
        ])
    return table.toString()
}
