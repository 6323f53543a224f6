import type { Program } from "./programs"

/** Programs in which the library or the model was wrong once. They are run before the random ones. */
export const ONCE_WRONG: readonly Program[] = [
    // The INSERT that fails has no transaction, so where numbers may be lost, its counters stay where they
    // are; the number that is set next is ahead of the rows that are there, and was given to another.
    [
        {
            kind: "insert",
            rows: [
                { scope: 0, by: 0, isTaken: true },
                { scope: 2, by: 0, number: "ahead" },
            ],
        },
        {
            kind: "save",
            rows: [
                { scope: 2, by: 0 },
                { scope: 2, by: 0, number: "ahead" },
            ],
            isAlone: false,
        },
    ],
    // So do those of rows that an upsert finds stored.
    [
        { kind: "upsert", rows: [{ scope: 0, stored: 0 }] },
        { kind: "upsert", rows: [{ scope: 0, stored: 0 }] },
        { kind: "ignore", pick: 0 },
        {
            kind: "save",
            rows: [
                { scope: 0, by: 0 },
                { scope: 0, by: 0, number: "ahead" },
            ],
            isAlone: false,
        },
    ],
]
