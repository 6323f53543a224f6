import { DateOrderError, INSTALL_REMEDY, NotDeletableError, NotInstalledError } from "../../errors"
import { placeOf } from "../../series/series"
import { closedError } from "../counters/counter-errors"
import { keptRowError } from "../deletions/kept-rows"
import { type Name, raisedBy } from "./failed"

/** @internal What errors of triggers are called that keep rows, or the order of their dates, or number them late. */
export const ROW_NAMES: Readonly<
    Record<"notDeletable" | "dateOrder" | "leftAtCommit" | "closed", Name>
> = {
    notDeletable: (failed) => {
        const series = raisedBy(failed)
        return series
            ? keptRowError(series, failed.cause)
            : new NotDeletableError(`${failed.text} Keep the row, and mark it as void.`, {
                  cause: failed.cause,
              })
    },
    closed: (failed) => {
        const series = raisedBy(failed)
        return closedError(series ? placeOf(series) : "A number", failed.cause)
    },
    dateOrder: (failed) => {
        const series = raisedBy(failed)
        const found = series
            ? `${placeOf(series)} is numbered in the order of ${series.period?.date.propertyPath ?? "dates"} ` +
              '(dates: "ascending"), and the date of a row does not lie between those of the numbers beside its own.'
            : failed.text
        return new DateOrderError(`${found} Give it the date of the last number or a later one.`, {
            cause: failed.cause,
        })
    },
    leftAtCommit: (failed) => {
        const series = raisedBy(failed)
        return new NotInstalledError(
            `${series ? `A row was to get ${placeOf(series)} at COMMIT, and has none: one` : `${failed.text} One`} of its ` +
                "triggers is missing or disabled, or a trigger of your own takes the number away. " +
                INSTALL_REMEDY,
            { cause: failed.cause },
        )
    },
}
