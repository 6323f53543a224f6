/** @internal What the triggers of a column do with the texts of its numbers; nothing where there are none. */
export interface TextBlocks {
    /** Refuses a text that comes without its number. */
    readonly refuse: string
    /** Gives a row the texts of the number that it has. */
    readonly write: string
    /** Refuses other texts for a stored row. */
    readonly keep: string
}

/** @internal Joins the blocks of all texts of a column. */
export function joinedBlocks(blocks: readonly TextBlocks[]): TextBlocks {
    const all = (block: keyof TextBlocks) => blocks.map((one) => one[block]).join("")
    return { refuse: all("refuse"), write: all("write"), keep: all("keep") }
}
