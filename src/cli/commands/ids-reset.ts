import { IdsInUseError } from "../../errors"
import {
    entitiesWithIds,
    type IdSequenceReset,
    resetIdSequence,
} from "../../maintenance/ids/reset-id-sequence"
import { UsageError } from "../arguments"
import { type Command, textsOf } from "../frame/command"
import { withProgress } from "../frame/run-command"

/** @internal */
export const idsReset: Command = {
    name: "ids:reset",
    synopsis: "[column …] [options]",
    help: `Lets the id sequences of the database go on after the highest id, where an import or a restore has left them
behind. Never below it: gaps of ids are no mistake.

  <column>                    Entity, Entity.property or table.column; all entities whose ids the
                              database gives if there is none

      --restart               let the sequence of an empty table begin again at its start, unless
                              something still names an id that would be given again
      --weak <reference>      a reference to the column that no foreign key looks after: "tag.objectId
                              where tag.contentType = 'Article'"; may be given several times
      --no-guess              let columns that only look like references not keep it from a restart`,
    options: {
        restart: { type: "boolean" },
        weak: { type: "string", multiple: true },
        "no-guess": { type: "boolean" },
    },
    positionals: [0, Infinity],
    hasTable: true,
    writes: true,
    check(values, positionals) {
        if (values.restart && positionals.length === 0)
            throw new UsageError("--restart asks for a column: name what is to begin again.")
    },
    async run({ dataSource, values, positionals, print, signal }) {
        const dryRun = values["dry-run"] === true
        const columns = positionals.length > 0 ? positionals : entitiesWithIds(dataSource)
        const resets: IdSequenceReset[] = []
        const unknown: string[] = []
        const reset = async (column: string) => {
            const found = await resetIdSequence(dataSource, column, {
                restart: values.restart === true,
                dryRun,
                weak: textsOf(values, "weak"),
                guess: values["no-guess"] !== true,
            })
            if (found.length === 0) unknown.push(column)
            const isNew = ({ sequence }: IdSequenceReset) =>
                resets.every((one) => one.sequence !== sequence)
            resets.push(...found.filter(isNew))
        }
        try {
            await withProgress(
                print,
                async (tell) => {
                    for (const [done, column] of columns.entries()) {
                        tell({ done, total: columns.length })
                        signal.throwIfAborted()
                        await reset(column)
                    }
                },
                "columns",
            )
            for (const column of positionals.filter((one) => unknown.includes(one)))
                print.note(`${column} gets its values from no sequence of the database.`)
        } catch (error) {
            if (!(error instanceof IdsInUseError)) throw error
            print.note(error.message)
            return 1
        }
        const moved = resets.filter(({ before, after }) => before !== after)
        print.json({ format: 1, dryRun, sequences: resets })
        const rows = resets.map(({ sequence, columns: own, highest, before, after }) => [
            sequence,
            own.join(", "),
            highest,
            before,
            after,
        ])
        print.csv(["sequence", "columns", "highest id", "next before", "next after"], rows)
        if (rows.length > 0) {
            print.table(
                ["sequence", "highest id", "next before", "next after"],
                rows.map(([name, , ...more]) => [name ?? null, ...more]),
            )
            print.line()
        }
        const count = `${moved.length} of ${resets.length} ${resets.length === 1 ? "sequence" : "sequences"}`
        print.line(
            moved.length === 0
                ? "No sequence is behind its rows."
                : dryRun
                  ? `${count} would be set. Nothing was changed.`
                  : `${count} ${moved.length === 1 ? "was" : "were"} set.`,
        )
        return dryRun && moved.length > 0 ? 1 : 0
    },
}
