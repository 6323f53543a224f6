import { INSTALL_REMEDY } from "../../errors"

/** @internal What a data source or its database lacks. */
export interface Finding {
    /** What was found, and what to do about it where the others don't say it. */
    readonly text: string
    /** What to do about it by a program, in a sentence. */
    readonly remedy?: string
    /** The statement that mends it. */
    readonly sql?: string
}

/** @internal What a migration mends. */
export const byMigration = (text: string, remedy: string = INSTALL_REMEDY): Finding => ({
    text,
    remedy,
})

/** @internal All of it, for the message of an error. */
export const messageOf = ({ text, remedy }: Finding): string =>
    remedy === undefined ? text : `${text} ${remedy}`
