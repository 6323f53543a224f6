import { DocumentNumberError, ReadOnlyNumberError } from "../../errors"
import { type Failed, type Name, raisedBy } from "./failed"

/** @internal What errors of triggers are called that are about the texts of numbers. */
export const TEXT_NAMES: Readonly<Record<"noText" | "otherText" | "changedText", Name>> = {
    noText: (failed) =>
        new DocumentNumberError(
            `${placesOf(failed)} can't be made: something that it shows is not set, or not one of the values that have a format, ` +
                "or the text would be too long, or have other characters than it may. Set what it shows, before the row is numbered.",
            { cause: failed.cause },
        ),
    otherText: (failed) =>
        new DocumentNumberError(
            `${placesOf(failed)} was set, and the number was not. Leave the text undefined. To bring a number along, set both.`,
            { cause: failed.cause },
        ),
    changedText: (failed) =>
        new ReadOnlyNumberError(
            `${placesOf(failed)} of a stored row can't be changed: it is the text of its number, which stays as it was issued. ` +
                "Leave it out of the update.",
            { cause: failed.cause },
        ),
}

function placesOf(failed: Failed): string {
    const places = raisedBy(failed)?.documents.map(({ place }) => place) ?? []
    return places.length > 0 ? places.join(" or ") : failed.text
}
