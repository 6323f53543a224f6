import { auditOneSeries } from "../../audit/audit-series"
import { namedScope } from "../../audit/scopes/named-scope"
import { inSnapshot } from "../../audit/snapshot"
import type { ScopeAudit } from "../../audit/types"
import type { Series } from "../../series/series"
import { sharersOf } from "../../series/sharers"
import { NotInstalledError } from "../../errors"
import { columnKey, type SequenceKey } from "../scope"

/** @internal Audits one scope of a series, in all of its tables. */
export async function auditScope(series: Series, given: SequenceKey): Promise<ScopeAudit> {
    return inSnapshot(series.dataSource, async (snapshot) => {
        const { key, scope } = await columnKey(snapshot.runner, series, given)
        const limits = { maxScopes: 1, maxRanges: 1000 }
        const only = { key, values: scope.values }
        const audit = await auditOneSeries(snapshot, sharersOf(series), limits, only)
        const [problem] = audit.problems
        if (problem !== undefined) throw new NotInstalledError(problem)
        return audit.scopes[0] ?? nothingYet(series, scope.values)
    })
}

/** A scope without rows and without a counter. */
function nothingYet(series: Series, values: readonly (string | null)[]): ScopeAudit {
    return {
        scope: namedScope(series, values),
        first: null,
        last: null,
        rows: 0,
        counter: null,
        counterState: "none",
        movedAt: null,
        closed: false,
        missing: "0",
        ranges: [],
        moreRanges: 0,
        findings: [],
    }
}
