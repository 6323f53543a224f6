import { showRange } from "../../audit/scopes/findings"
import { findGaps, type GapReport } from "../../maintenance/gaps/find-gaps"
import { isBroken } from "../../maintenance/references/find-orphans"
import { asUsage } from "../arguments"
import { type Command, textsOf } from "../frame/command"
import type { Printer } from "../frame/printer"
import { withProgress } from "../frame/run-command"
import { markOf, showOrphans, showReference, showScope } from "../frame/show"

const WHY_NOT = `Don't fill the gaps. A rolled-back INSERT uses up its id, and a deleted row leaves a gap: databases work this way,
and no row was lost. Links, logs, tags and permissions may still refer to the id of a deleted row, and would silently
refer to the new one. For numbers that must have no gaps, such as those of invoices, use @AutoSequenceColumn.`

/** @internal */
export const gaps: Command = {
    name: "gaps",
    synopsis: "<column> [options]",
    help: `Finds missing values in any integer column, whether or not this library numbers it, and references to rows that
don't exist.

  <column>                    Entity.property, Entity for its primary key, or table.column

      --by <column>           count separately for each value of this column; may be repeated
      --weak <reference>      also check this reference to the column, which has no foreign key:
                              "tag.objectId where tag.contentType = 'Article'"; may be repeated
      --no-guess              skip columns that only look like references`,
    options: {
        by: { type: "string", multiple: true },
        weak: { type: "string", multiple: true },
        "no-guess": { type: "boolean" },
    },
    positionals: [1, 1],
    hasTable: true,
    async run({ dataSource, values, positionals: [column = ""], print, signal }) {
        const report = await asUsage(() =>
            withProgress(print, () =>
                findGaps(dataSource, column, {
                    by: textsOf(values, "by"),
                    weak: textsOf(values, "weak"),
                    guess: values["no-guess"] !== true,
                    signal,
                }),
            ),
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
        return report.missing !== "0" || report.references.some(isBroken) ? 1 : 0
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
        const place = Object.keys(by).length > 0 ? `${showScope(by)}: ` : ""
        const isMissing = ranges.length > 0 ? "missing:" : "none missing"
        print.line(`  ${place}${first} to ${last}, ${isMissing}`)
        for (const range of ranges.slice(0, RANGES)) print.line(`    ${showRange(range)}`)
        const more = Math.max(ranges.length - RANGES, 0) + moreRanges
        if (more > 0) print.line(`    and ${more} more ranges`)
        if (duplicates > 0)
            print.line(
                `    ${duplicates} ${duplicates === 1 ? "row repeats" : "rows repeat"} the value of another row`,
            )
    }
    if (moreGroups > 0) print.line(`  ${moreGroups} more groups are not listed.`)
    if (references.length > 0) {
        print.line()
        print.line("References to this column without a foreign key:")
        for (const reference of references) {
            print.line(
                `  ${markOf(reference, print)} ${reference.orphans === 0 ? `${showReference(reference)}: all rows exist` : showOrphans(reference)}`,
            )
        }
    }
    if (missing !== "0") {
        print.line()
        print.line(WHY_NOT)
    }
}
