/** Something that may not be, whatever happened. */
export interface Violation {
    readonly text: string
    /** Where to look for its history. */
    readonly at?: { readonly table: string; readonly scope: string; readonly number?: number }
}
