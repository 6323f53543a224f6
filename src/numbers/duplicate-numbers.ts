import type { DriverError } from "../dialects/driver-error"
import { CounterBehindError, DocumentNumberError, NumberTakenError } from "../errors"
import { type Document, hasCounters, placeOf, type Series } from "../series/series"
import { isViolated } from "../series/unique-index"

/**
 * What an error is called that says that a number is there already.
 * @internal
 */
export function duplicateNumberError(
    all: readonly Series[],
    cause: DriverError,
    /** Whether all numbers of the statement were made, and none was set by the caller. */
    isMade: (series: Series) => boolean = () => false,
): NumberTakenError | CounterBehindError | DocumentNumberError | undefined {
    const document = all.flatMap(({ documents }) => documents).find((one) => isViolated(one, cause))
    // Which of two indexes a row is checked against first is up to the database.
    if (document && !isOfOneNumber(document, isMade)) return takenText(document, cause)
    const series = document?.series ?? all.find((one) => isViolated(one, cause))
    if (!series) return undefined
    if (!isMade(series))
        return new NumberTakenError(
            `${placeOf(series)}: a number that was set${document ? ", or its text," : ""} belongs to another row of its scope. Leave it ` +
                "undefined to be given the next one. If the row is a copy of a stored one, take the number " +
                "off it first.",
            { cause },
        )
    if (!hasCounters(series)) return document && takenText(document, cause)
    return new CounterBehindError(
        `${placeOf(series)}: the number that comes next is there already, so the counter is behind the ` +
            "rows: raw SQL or another program has written some, or the counter was changed. Call " +
            "resyncCounters(dataSource), which raises counters to their rows. " +
            "verifyAutoSequence(dataSource, { counters: true }) tells which are behind.",
        { cause },
    )
}

/**
 * Whether two rows of one text would have one number. Formats that are functions, or set later, are not known: by these it
 * may be the text alone, but a number that was set has most likely been set twice.
 */
function isOfOneNumber(
    { series, scope, format, hasSettings }: Document,
    isMade: (series: Series) => boolean,
): boolean {
    const { period } = series
    const isWithin = series.scope.every(
        ({ path, columns }) =>
            (period && columns.includes(period.column)) || scope.some((own) => own.path === path),
    )
    const isKnown = format.kind !== "function" && !hasSettings
    return isWithin && (isKnown || !isMade(series))
}

function takenText({ place, scope }: Document, cause: DriverError): DocumentNumberError {
    const within = scope.length > 0 ? ` within ${scope.map(({ path }) => path).join(", ")}` : ""
    return new DocumentNumberError(
        `${place}: another row already has the text that a row would get, and the text is unique${within}. Let the ` +
            "format show something in which the rows differ.",
        { cause },
    )
}
