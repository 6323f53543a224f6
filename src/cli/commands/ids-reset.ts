import { IdsInUseError } from "../../errors"
import {
    entitiesWithIds,
    type IdSequenceReset,
    resetIdSequence,
} from "../../maintenance/ids/reset-id-sequence"
import { asUsage, UsageError } from "../arguments"
import { type Command, textsOf } from "../frame/command"
import { withProgress } from "../frame/run-command"

/** @internal */
export const idsReset: Command = {
    name: "ids:reset",
    synopsis: "[column …] [options]",
    help: `Raises the database's own id sequences to continue after the highest id, after an import or a restore with ids. They
are never set below the highest id: gaps in ids are not an error.

  <column>                    Entity, Entity.property or table.column; default: all entities with
                              generated ids

      --restart               restart the sequence of an empty table at its first value, unless
                              something still refers to an id that would be assigned again
      --weak <reference>      a reference to the column, without a foreign key, that prevents a restart:
                              "tag.objectId where tag.contentType = 'Article'"; may be repeated
      --no-guess              don't let columns that only look like references prevent a restart`,
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
            throw new UsageError("--restart needs a column: name the one to restart.")
    },
    async run({ dataSource, values, positionals, print, signal }) {
        const dryRun = values["dry-run"] === true
        const columns = positionals.length > 0 ? positionals : entitiesWithIds(dataSource)
        const resets: IdSequenceReset[] = []
        const unknown: string[] = []
        const reset = async (column: string) => {
            const found = await asUsage(() =>
                resetIdSequence(dataSource, column, {
                    restart: values.restart === true,
                    dryRun,
                    weak: textsOf(values, "weak"),
                    guess: values["no-guess"] !== true,
                }),
            )
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
                print.note(`${column} gets its values from no sequence.`)
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
