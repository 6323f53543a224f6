import type { Insert } from "../../inserts/insert"
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

/**
 * The texts of INSERTs, from when they are made but for their numbers until their rows are in the table.
 * @internal
 */
export class InsertedTexts {
    private readonly framed = new Map<Insert, readonly FramedText[]>()

    async frame(
        sender: Sender,
        insert: Insert,
        of: {
            readonly requests: readonly TextRequest[]
            readonly periods: readonly PeriodRequest[]
        },
    ): Promise<void> {
        this.framed.set(insert, await frameTexts(sender, of.requests, of.periods))
    }

    of(insert: Insert): readonly FramedText[] {
        return this.framed.get(insert) ?? []
    }

    /** Where the INSERT itself moves the counter, its text is made there as well. */
    write(insert: Insert, numbers: readonly NumberRequest[]): void {
        if (insert.isSelected) return
        for (const { row, document, text } of this.made(insert, numbers))
            row.assign(document.column, text)
    }

    /** What the rows of an INSERT that has succeeded were given. */
    given(insert: Insert, numbers: readonly NumberRequest[]): GivenValue[] {
        if (!this.framed.has(insert)) return []
        const made = this.made(insert, numbers).map(givenText)
        this.forget(insert)
        return made
    }

    forget(insert: Insert): void {
        this.framed.delete(insert)
    }

    private made(insert: Insert, numbers: readonly NumberRequest[]): MadeText[] {
        return madeTexts(this.of(insert), numbers)
    }
}
