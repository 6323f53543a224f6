import { box, type Fill, INSET, labelled, line, picture, text, WIDTH } from "./svg"

type Step = readonly [from: number, to: number, fill: Fill | "wait", label: string]

interface Timeline {
    readonly title: string
    readonly lanes: Readonly<Record<string, readonly Step[]>>
    /** What is in the table at the end. */
    readonly end: string
}

const LEFT = 72
const UNIT = (WIDTH - LEFT - INSET) / 20
const LANE = 46

export const timelines: Readonly<Record<string, Timeline>> = {
    max: {
        title: "MAX + 1: two writers read the same maximum",
        lanes: {
            "A: Acme": [
                [0, 6, "work", "MAX is 16"],
                [6, 12, "number", "INSERT 17"],
                [12, 17, "good", "COMMIT"],
            ],
            "B: Acme": [
                [2, 8, "work", "MAX is 16"],
                [8, 14, "bad", "INSERT 17"],
                [14, 19, "bad", "COMMIT"],
            ],
        },
        end: "Committed: 16, 17, 17. With a unique index, B fails.",
    },
    serial: {
        title: "SERIAL: a rollback loses a number",
        lanes: {
            "A: Acme": [
                [0, 5, "number", "draws 17"],
                [5, 11, "work", "other work"],
                [11, 16, "bad", "ROLLBACK"],
            ],
            "B: Acme": [
                [2, 7, "number", "draws 18"],
                [7, 12, "good", "COMMIT"],
            ],
            "C: Bolt": [
                [3, 8, "number", "draws 19"],
                [8, 13, "good", "COMMIT"],
            ],
        },
        end: "Committed: Acme 16, 18; Bolt 19. 17 is lost, and all count together.",
    },
    counter: {
        title: "Strategy counter: B waits for the counter row of Acme",
        lanes: {
            "A: Acme": [
                [0, 4, "number", "takes 17"],
                [4, 8, "work", "other work"],
                [8, 12, "bad", "ROLLBACK"],
            ],
            "B: Acme": [
                [2, 12, "wait", "waits for the row of Acme"],
                [12, 16, "number", "takes 17"],
                [16, 20, "good", "COMMIT"],
            ],
            "C: Bolt": [
                [3, 7, "number", "takes 5"],
                [7, 11, "good", "COMMIT"],
            ],
        },
        end: "Committed: Acme 16, 17; Bolt 5. The rollback undid the increment.",
    },
    trigger: {
        title: "Strategy trigger: numbered inside the INSERT",
        lanes: {
            "A: save": [
                [0, 5, "number", "INSERT: 17"],
                [5, 8, "work", "work"],
                [8, 12, "bad", "ROLLBACK"],
            ],
            "B: psql": [
                [2, 12, "wait", "its INSERT waits"],
                [12, 16, "number", "INSERT: 17"],
                [16, 20, "good", "COMMIT"],
            ],
            "C: Bolt": [
                [3, 8, "number", "INSERT: 5"],
                [8, 12, "good", "COMMIT"],
            ],
        },
        end: "Committed: Acme 16, 17; Bolt 5. Whoever writes is numbered.",
    },
    "table-lock": {
        title: "Strategy table-lock: all writers of the table wait",
        lanes: {
            "A: Acme": [
                [0, 5, "number", "locks, 17"],
                [5, 8, "work", "work"],
                [8, 12, "bad", "ROLLBACK"],
            ],
            "B: Acme": [
                [2, 12, "wait", "waits for the table"],
                [12, 14, "number", "17"],
                [14, 16, "good", ""],
            ],
            "C: Bolt": [
                [3, 16, "wait", "waits for the table"],
                [16, 18, "number", "5"],
                [18, 20, "good", ""],
            ],
        },
        end: "Committed: Acme 16, 17; Bolt 5. C has waited for strangers.",
    },
    "gapless-false": {
        title: "gapless: false: nobody waits, a number is lost",
        lanes: {
            "A: Acme": [
                [0, 4, "number", "takes 17"],
                [4, 8, "work", "other work"],
                [8, 12, "bad", "ROLLBACK"],
            ],
            "B: Acme": [
                [2, 6, "number", "takes 18"],
                [6, 10, "good", "COMMIT"],
            ],
            "C: Bolt": [
                [3, 7, "number", "takes 5"],
                [7, 11, "good", "COMMIT"],
            ],
        },
        end: "Committed: Acme 16, 18; Bolt 5. 17 is lost.",
    },
    commit: {
        title: "assign: commit: numbers are taken right before COMMIT",
        lanes: {
            "A: Acme": [
                [0, 3, "work", "INSERT"],
                [3, 12, "work", "payment, mail"],
                [12, 16, "bad", "ROLLBACK"],
            ],
            "B: Acme": [
                [1, 4, "work", "INSERT"],
                [4, 9, "work", "payment"],
                [9, 11, "number", "17"],
                [11, 15, "good", "COMMIT"],
            ],
            "C: Bolt": [
                [2, 5, "work", "INSERT"],
                [5, 12, "work", "payment, mail"],
                [12, 14, "number", "5"],
                [14, 18, "good", "COMMIT"],
            ],
        },
        end: "Committed: Acme 16, 17; Bolt 5. A never had a number; B did not wait.",
    },
}

export function drawTimeline({ title, lanes, end }: Timeline): string {
    const names = Object.entries(lanes)
    const bottom = 44 + names.length * LANE
    return picture(title, bottom + 40, [
        text(INSET, 28, title, { bold: true }),
        ...names.flatMap(([name, steps], at) => drawLane(name, steps, 44 + at * LANE)),
        line(LEFT, bottom + 2, WIDTH - INSET, bottom + 2, true),
        text(INSET, bottom + 7, "time", { colour: "muted", size: 12 }),
        text(INSET, bottom + 28, end, { size: 12.5 }),
    ])
}

function drawLane(name: string, steps: readonly Step[], y: number): string[] {
    return [
        text(INSET, y + 21, name, { size: 12 }),
        line(LEFT, y + 17, WIDTH - INSET, y + 17),
        ...steps.map(([from, to, fill, label]) => {
            const x = LEFT + from * UNIT
            const width = (to - from) * UNIT
            if (fill !== "wait")
                return labelled(x, y, width, 34, fill, label ? [label] : [], { size: 12 })
            const length = label.length * 6.4 + 12
            return [
                box(x, y, width, 34, "wait"),
                labelled(x + (width - length) / 2, y + 7, length, 20, "paper", [label], {
                    size: 12,
                }),
            ].join("\n")
        }),
    ]
}
