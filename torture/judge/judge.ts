import type { DataSource } from "typeorm"
import type { TortureName } from "../strategies"
import { Log } from "../worker/log"
import { auditAll } from "./audit"
import { checkKeys } from "./check-keys"
import { checkNumbers } from "./check-numbers"
import { insertOnceMore } from "./closing"
import { Facts } from "./facts"
import { numberedTables, readRows, type StoredRow } from "./tables"
import type { Violation } from "./violation"

export interface Judgement {
    readonly violations: readonly Violation[]
    readonly rows: number
    readonly acknowledged: number
    /** Of what the workers have written about the place of a violation. */
    history(violation: Violation): readonly string[]
}

/** Looks at everything when nobody writes any more: by the audit, and by plain SQL against the logs. */
export async function judge(
    dataSource: DataSource,
    names: readonly TortureName[],
    logs: readonly string[],
    closingLog: string,
): Promise<Judgement> {
    const log = new Log(closingLog)
    const violations: Violation[] = await insertOnceMore(dataSource, names, log)
    log.close()
    const facts = new Facts([...logs, closingLog])
    const stored = new Map<string, StoredRow[]>()
    for (const table of numberedTables(dataSource, names)) {
        const rows = await readRows(dataSource, table)
        stored.set(table.table, rows)
        violations.push(...checkNumbers(table, rows, facts))
    }
    if (names.includes("keys")) violations.push(...(await checkKeys(dataSource, facts)))
    violations.push(...checkTaken(facts.taken))
    violations.push(...(await auditAll(dataSource)))
    return {
        violations,
        rows: [...stored.values()].reduce((sum, { length }) => sum + length, 0),
        acknowledged: facts.acknowledged.length,
        history({ at }) {
            if (!at) return []
            const near = at.number
            return [
                ...facts.historyOf(at.table, at.scope, near),
                ...(stored.get(at.table) ?? [])
                    .filter(({ scope, number }) => scope === at.scope && number !== null)
                    .filter(
                        ({ number }) => near === undefined || Math.abs(Number(number) - near) <= 3,
                    )
                    .sort((a, b) => Number(a.number) - Number(b.number))
                    .map(({ tag, number }) => `stored: ${tag}, ${String(number)}`),
            ]
        },
    }
}

/** Numbers that were taken outside of a transaction may have gaps, and none was given twice. */
function checkTaken(taken: readonly number[]): Violation[] {
    const seen = new Set<number>()
    return taken.flatMap((number) => {
        const isTwice = seen.has(number)
        seen.add(number)
        return isTwice ? [{ text: `Sequence: ${number} was given twice` }] : []
    })
}
