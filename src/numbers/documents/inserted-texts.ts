import { type Insert, InsertNote } from "../../inserts/insert"
import type { Sender } from "../../typeorm/statement"
import type { NumberRequest } from "../number-request"
import type { GivenValue, PeriodRequest } from "../periods/give-periods"
import {
    type FramedText,
    frameTexts,
    givenText,
    type MadeText,
    madeTexts,
    type TextRequest,
} from "./framed-texts"

const framed = new InsertNote<readonly FramedText[]>()

/** @internal Makes the texts of an INSERT but for their numbers. */
export async function frameInserted(
    sender: Sender,
    insert: Insert,
    requests: readonly TextRequest[],
    periods: readonly PeriodRequest[],
): Promise<void> {
    framed.set(insert, await frameTexts(sender, requests, periods))
}

/** @internal The texts of its rows, made but for their numbers. */
export function framedTextsOf(insert: Insert): readonly FramedText[] {
    return framed.get(insert) ?? []
}

/** @internal Where the INSERT itself moves the counter, its text is made there as well. */
export function writeTexts(insert: Insert, numbers: readonly NumberRequest[]): void {
    if (insert.isSelected) return
    for (const { row, document, text } of made(insert, numbers)) row.assign(document.column, text)
}

/** @internal What the rows of an INSERT that has succeeded were given. */
export function givenTexts(insert: Insert, numbers: readonly NumberRequest[]): GivenValue[] {
    return made(insert, numbers).map(givenText)
}

function made(insert: Insert, numbers: readonly NumberRequest[]): MadeText[] {
    const texts = framedTextsOf(insert)
    return texts.length > 0 ? madeTexts(texts, numbers) : []
}
