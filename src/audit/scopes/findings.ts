import type { FoundRows } from "../found-rows"
import type { Audited } from "../statements"
import type { MissingNumbers } from "./missing-numbers"
import type { AuditFinding, AuditRange, FindingKind, ScopeAudit } from "../types"

type Counted = Pick<ScopeAudit, "counterState" | "counter" | "last">

/** @internal What is wrong in a scope, in sentences. */
export function findingsOf(
    scope: Counted,
    missing: MissingNumbers | undefined,
    audited: Audited,
    found: ReadonlyMap<FindingKind, FoundRows>,
): AuditFinding[] {
    return [
        ...(missing ? gapFinding(missing) : []),
        ...counterFinding(scope),
        ...[...found].map(([kind, rows]) => rowFinding(kind, rows, audited)),
    ]
}

function gapFinding({ unexplained, named }: MissingNumbers): AuditFinding[] {
    if (unexplained === 0n) return []
    const isCut = named.reduce((sum, { count }) => sum + BigInt(count), 0n) < unexplained
    const names = named.map(showRange).join(", ") + (isCut ? " …" : "")
    const [is, them] = unexplained === 1n ? ["number is", "it"] : ["numbers are", "them"]
    return [
        {
            kind: "gap",
            severity: "problem",
            count: Number(unexplained),
            text: `${unexplained} ${is} missing, and nothing explains why: ${names}. Find out what happened to ${them}, and don't use ${them} again.`,
            numbers: [],
        },
    ]
}

/** @internal Whether a scope has a finding that is not just a note. */
export function hasProblem({ findings }: Pick<ScopeAudit, "findings">): boolean {
    return findings.some(isProblem)
}

/** @internal */
export function isProblem({ severity }: AuditFinding): boolean {
    return severity === "problem"
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
                text: `The counter is at ${counter ?? ""}, but a row has ${last ?? ""}, so inserts can fail. Run resync, which raises the counter.`,
                numbers: [],
            },
        ]
    if (counterState === "missing")
        return [
            {
                kind: "counter-missing",
                severity: "problem",
                count: 1,
                text: "There is no counter, so the numbers of deleted rows can be assigned again. Run resync, which creates it.",
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
                    ? `Several rows have the number ${numbers[0] ?? ""}`
                    : `${count} numbers belong to several rows each`) +
                (audited.length > 1
                    ? `, counting ${audited.map(tableOf).join(" and ")} together.`
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
                `${count === 1 ? "1 row has" : `${count} rows have`} an earlier date than a row with a lower number` +
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
