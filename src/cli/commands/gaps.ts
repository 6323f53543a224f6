import { showRange } from "../../audit/scopes/findings"
import { findGaps, type GapReport } from "../../maintenance/gaps/find-gaps"
import { type Command, textsOf } from "../frame/command"
import type { Printer } from "../frame/printer"
import { withProgress } from "../frame/run-command"
import { showOrphans, showReference, showScope } from "../frame/show"

const WHY_NOT = `Do not fill them. An INSERT that is rolled back takes its id along, and a row that is deleted leaves one
behind: that is how the database works, and no row is lost by it. Links, logs, tags and permissions may still
name the id of a row that is gone, and would silently point at the new one. Where numbers must have no gaps,
as those of invoices, let them be numbered: @AutoSequenceColumn.`

/** @internal */
export const gaps: Command = {
    name: "gaps",
    synopsis: "<column> [options]",
    help: `Tells which values are missing in a column of integers, numbered or not, and which rows point at rows that
are gone.

  <column>                    Entity.property, Entity for its primary key, or table.column

      --by <column>           count anew for each value of this column; may be given several times
      --weak <reference>      a reference to the column that no foreign key looks after: "tag.objectId
                              where tag.contentType = 'Article'"; may be given several times
      --no-guess              leave out columns that only look like references`,
    options: {
        by: { type: "string", multiple: true },
        weak: { type: "string", multiple: true },
        "no-guess": { type: "boolean" },
    },
    positionals: [1, 1],
    hasTable: true,
    async run({ dataSource, values, positionals: [column = ""], print, signal }) {
        const report = await withProgress(print, () =>
            findGaps(dataSource, column, {
                by: textsOf(values, "by"),
                weak: textsOf(values, "weak"),
                guess: values["no-guess"] !== true,
                signal,
            }),
        )
        print.json(report)
        print.csv(
            ["column", "by", "from", "to", "count"],
            report.groups.flatMap(({ by, ranges }) =>
                ranges.map(({ from, to, count }) => [
                    report.column,
                    showScope(by),
                    from,
                    to,
                    count,
                ]),
            ),
        )
        if (print.isForPeople) show(print, report)
        const isBroken = report.references.some(
            ({ orphans, origin }) => orphans > 0 && origin !== "guessed",
        )
        return report.missing !== "0" || isBroken ? 1 : 0
    },
}

const RANGES = 20

function show(
    print: Printer,
    { column, rows, missing, groups, moreGroups, references }: GapReport,
): void {
    const count = `${rows} ${rows === 1 ? "row" : "rows"}`
    print.line(
        missing === "0"
            ? `${print.style("bold", column)}: ${count}, no value is missing between them`
            : `${print.style("bold", column)}: ${count}, ${missing} ${missing === "1" ? "value is" : "values are"} missing between them`,
    )
    for (const { by, first, last, ranges, moreRanges, duplicates } of groups) {
        if (ranges.length === 0 && duplicates === 0) continue
        print.line()
        print.line(
            `  ${Object.keys(by).length > 0 ? `${showScope(by)}: ` : ""}${first} to ${last}, missing:`,
        )
        for (const range of ranges.slice(0, RANGES)) print.line(`    ${showRange(range)}`)
        const more = Math.max(ranges.length - RANGES, 0) + moreRanges
        if (more > 0) print.line(`    and ${more} more ranges`)
        if (duplicates > 0)
            print.line(`    ${duplicates} rows have a value that another row has as well`)
    }
    if (moreGroups > 0) print.line(`  ${moreGroups} more groups are not listed.`)
    if (references.length > 0) {
        print.line()
        print.line("References to it without a foreign key:")
        for (const reference of references) {
            const mark =
                reference.orphans === 0
                    ? " "
                    : reference.origin === "guessed"
                      ? print.style("yellow", "?")
                      : print.style("red", "!")
            print.line(
                `  ${mark} ${reference.orphans === 0 ? `${showReference(reference)}: every row is there` : showOrphans(reference)}`,
            )
        }
    }
    if (missing !== "0") {
        print.line()
        print.line(WHY_NOT)
    }
}
