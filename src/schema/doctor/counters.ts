import { progressOf } from "../../maintenance/progress"
import { hasCounters } from "../../series/series"
import { allSeriesOf } from "../../series/sharers"
import { behindProblems } from "../verify/find-problems"
import type { Examined } from "./examined"
import { DATA_SOURCE } from "./installation"
import { type DiagnoseOptions, type DiagnosisLine, ok, problem } from "./types"

/** @internal Counters behind the rows of their scopes; only of a database that has all of it. */
export async function counterLines(
    { runner, dataSource }: Examined,
    { onProgress }: DiagnoseOptions,
): Promise<DiagnosisLine[]> {
    const all = [...allSeriesOf(dataSource).values()]
    const counted = all.filter(([first]) => hasCounters(first))
    if (counted.length === 0) return []
    const { step } = progressOf(all.length, onProgress)
    const found = await behindProblems(runner, dataSource, step)
    return found.length === 0
        ? [ok("counters", `none of ${counted.length} series is behind its rows`)]
        : found.map(({ text }) =>
              problem("counters", text, `npx typeorm-autosequence resync -d ${DATA_SOURCE}`),
          )
}
