import { findHeldCounters } from "../../maintenance/counters/find-waiting"
import { listCounters } from "../../maintenance/counters/list-counters"
import type { Command, ExitStatus, Given } from "../frame/command"
import { showScope, showTime } from "../frame/show"

/** @internal */
export const counters: Command = {
    name: "counters",
    synopsis: "[options]",
    help: `Lists the counters of all series and scopes: the last number, and when it was assigned.

      --waiting               list the transactions that hold a counter instead, since when, and who
                              waits for them; exits with 1 if somebody waits`,
    options: { waiting: { type: "boolean" } },
    positionals: [0, 0],
    hasTable: true,
    run: (given) => (given.values.waiting ? showWaiting(given) : showAll(given)),
}

async function showAll({ dataSource, print }: Given): Promise<ExitStatus> {
    const list = await listCounters(dataSource)
    print.json(list)
    const head = ["series", "scope", "last", "moved", "closed"]
    const rows = list.counters.map(({ series, scope, last, movedAt, closed }) => [
        series,
        showScope(scope),
        last,
        showTime(movedAt),
        closed ? "closed" : "",
    ])
    print.csv(head, rows)
    const hasClosed = list.counters.some(({ closed }) => closed)
    const shown = hasClosed ? head.length : head.length - 1
    if (rows.length > 0)
        print.table(
            head.slice(0, shown),
            rows.map((row) => row.slice(0, shown)),
        )
    else print.line("There are no counters.")
    if (list.more > 0) print.line(`${list.more} more counters are not listed.`)
    return 0
}

async function showWaiting({ dataSource, print }: Given): Promise<ExitStatus> {
    const held = await findHeldCounters(dataSource)
    print.json({ format: 1, held })
    const rows = held.flatMap(({ series, scope, holder, waiting }) => {
        const own = [series, showScope(scope), nameOf(holder), showTime(holder.since)]
        if (waiting.length === 0) return [[...own, null, null]]
        return waiting.map((one) => [...own, nameOf(one), showTime(one.since)])
    })
    const head = ["series", "scope", "held by", "since", "waits", "since"]
    print.csv(head, rows)
    if (rows.length > 0) print.table(head, rows)
    else print.line("Nobody holds a counter that others wait for.")
    return held.some(({ waiting }) => waiting.length > 0) ? 1 : 0
}

function nameOf({
    id,
    user,
    program,
}: {
    id: string
    user: string | null
    program: string | null
}): string {
    return [id, user, program].filter((part) => part !== null).join(" ")
}
