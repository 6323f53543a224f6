import type { FoundRows } from "../found-rows"
import type { Audited } from "../statements"
import type { AuditFinding, AuditRange, FindingKind, ScopeAudit } from "../types"

type Counted = Omit<ScopeAudit, "findings">

/** @internal What is wrong in a scope, in sentences. */
export function findingsOf(
    scope: Counted,
    audited: Audited,
    found: ReadonlyMap<FindingKind, FoundRows>,
): AuditFinding[] {
    return [
        ...gapFinding(scope),
        ...counterFinding(scope),
        ...[...found].map(([kind, rows]) => rowFinding(kind, rows, audited)),
    ]
}

/** Ranges for which there was no room are counted with those that nothing explains. */
function gapFinding({ ranges, missing }: Counted): AuditFinding[] {
    const shown = ranges.filter(({ cause }) => cause === "unexplained")
    const explained = ranges
        .filter(({ cause }) => cause !== "unexplained")
        .reduce((sum, { count }) => sum + BigInt(count), 0n)
    const count = BigInt(missing) - explained
    if (count === 0n) return []
    const names = shown.slice(0, SHOWN).map(showRange).join(", ")
    const more = shown.length > SHOWN || count > sumOf(shown) ? " …" : ""
    const [is, them] = count === 1n ? ["number is", "it"] : ["numbers are", "them"]
    return [
        {
            kind: "gap",
            severity: "problem",
            count: Number(count),
            text: `${count} ${is} missing, and nothing says why: ${names}${more}. Find out who took ${them}, and leave ${them} unused.`,
            numbers: [],
        },
    ]
}

const SHOWN = 5

function sumOf(ranges: readonly AuditRange[]): bigint {
    return ranges.reduce((sum, { count }) => sum + BigInt(count), 0n)
}

/** @internal `7`, or `7 to 9`. */
export function showRange({ from, to }: Pick<AuditRange, "from" | "to">): string {
    return from === to ? from : `${from} to ${to}`
}

function counterFinding({ counterState, counter, last }: Counted): AuditFinding[] {
    if (counterState === "behind")
        return [
            {
                kind: "counter-behind",
                severity: "problem",
                count: 1,
                text: `The counter is at ${counter ?? ""}, and a row has ${last ?? ""}: the next number is there already. resync raises it.`,
                numbers: [],
            },
        ]
    if (counterState === "missing")
        return [
            {
                kind: "counter-missing",
                severity: "problem",
                count: 1,
                text: "There is no counter, so that nothing remembers numbers of rows that are gone. resync makes it.",
                numbers: [],
            },
        ]
    return []
}

function rowFinding(
    kind: FindingKind,
    { count, numbers }: FoundRows,
    audited: Audited,
): AuditFinding {
    const [{ series }] = audited
    if (kind === "duplicate")
        return {
            kind,
            severity: "problem",
            count,
            text:
                (count === 1
                    ? `${numbers[0] ?? ""} is the number of more than one row`
                    : `${count} numbers are those of more than one row each`) +
                (audited.length > 1
                    ? `, in ${audited.map(tableOf).join(" and ")} taken together.`
                    : "."),
            numbers,
        }
    if (kind === "date-order")
        return {
            kind,
            // The column allows it.
            severity: series.ascends ? "problem" : "note",
            count,
            text:
                `${count === 1 ? "1 row has" : `${count} rows have`} a date before that of a lower number` +
                (series.ascends ? "." : ', which the column allows (dates: "free").'),
            numbers,
        }
    const checks = audited.flatMap((column) => [...column.checks.bySql, ...column.checks.byReading])
    const check = checks.find((one) => one.kind === kind)
    return {
        kind,
        severity: check?.severity ?? "problem",
        count,
        text: check?.text(count) ?? "",
        numbers,
    }
}

function tableOf({ series }: Audited[number]): string {
    return `${series.metadata.name}.${series.column.propertyPath}`
}
