import { dialectOf } from "../../dialects"
import { NO_PERIOD, raisedPlace } from "../../dialects/statements/raised"
import { InvalidPeriodError, ReadOnlyNumberError } from "../../errors"
import { placeOf } from "../../series/series"
import { type Failed, type Name, raisedBy } from "./failed"

/** @internal What errors of triggers are called that are about periods. */
export const PERIOD_NAMES: Readonly<
    Record<"noPeriod" | "otherPeriod" | "moved" | "unknown zone", Name>
> = {
    noPeriod,
    // Its text holds what is in the row.
    "unknown zone": noPeriod,
    otherPeriod: (failed) =>
        new InvalidPeriodError(
            `${sayingOf(failed)} Leave the period undefined. If the row is a copy of another, take it off first.`,
            { cause: failed.cause },
        ),
    moved: (failed) =>
        new ReadOnlyNumberError(
            `${sayingOf(failed)} There its number may be another one's. Leave the date within its period, let move() of ` +
                "seriesOf() give it a new number, or insert a new row.",
            { cause: failed.cause },
        ),
}

function noPeriod(failed: Failed): InvalidPeriodError {
    const { probe } = dialectOf(failed.dataSource)?.periods ?? {}
    const series = raisedBy(failed)
    const said = series ? `${placeOf(series)} ${NO_PERIOD}` : "A row has no time zone."
    return new InvalidPeriodError(
        `${said} Set a date of the years 1 to 9999, and a time zone of the IANA's: an area and a place as ` +
            `"Europe/Berlin", or "UTC".${probe ? ` ${probe.limits} ${probe.remedy}` : ""}`,
        { cause: failed.cause },
    )
}

/** What the trigger has raised, in the words of entities. */
function sayingOf(failed: Failed): string {
    const series = raisedBy(failed)
    return series ? failed.text.replace(raisedPlace(series), () => placeOf(series)) : failed.text
}
