import { type RaisedCounter, resyncCounters } from "../../schema/install/resync-counters"
import { type Command, textOf } from "../frame/command"
import { withProgress } from "../frame/run-command"
import { showScope } from "../frame/show"

/** @internal */
export const resync: Command = {
    name: "resync",
    synopsis: "[options]",
    help: `Raises counters that are behind the rows of their scopes, and creates missing ones, after rows were written by raw
SQL, an import or a restore. It never lowers a counter. Columns with a journal record it there.

      --reason <text>         the reason, for the journal
      --by <name>             by whom, for the journal`,
    options: { reason: { type: "string" }, by: { type: "string" } },
    positionals: [0, 0],
    hasTable: true,
    writes: true,
    async run({ dataSource, values, print }) {
        const dryRun = values["dry-run"] === true
        const raised: RaisedCounter[] = []
        const reason = textOf(values, "reason")
        const by = textOf(values, "by")
        await withProgress(print, () =>
            resyncCounters(dataSource, {
                dryRun,
                ...(reason !== undefined && { reason }),
                ...(by !== undefined && { by }),
                onRaise: (one) => raised.push(one),
            }),
        )
        print.json({ format: 1, dryRun, counters: raised })
        const rows = raised.map(({ series, scope, before, after }) => [
            series,
            showScope(scope),
            before,
            after,
        ])
        print.csv(["series", "scope", "before", "after"], rows)
        if (rows.length > 0) {
            print.table(["series", "scope", "before", "after"], rows)
            print.line()
        }
        const count = raised.length === 1 ? "1 counter" : `${raised.length} counters`
        print.line(
            raised.length === 0
                ? "No counter is behind its rows."
                : dryRun
                  ? `${count} would be raised. Nothing was changed.`
                  : `${count} ${raised.length === 1 ? "was" : "were"} raised.`,
        )
        return dryRun && raised.length > 0 ? 1 : 0
    },
}
