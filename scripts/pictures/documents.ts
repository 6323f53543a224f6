import { INSET, labelled, line, picture, text, WIDTH } from "./svg"

export function drawLifeOfAnInvoice(): string {
    const columns = [
        {
            name: "draft",
            fill: "work",
            number: "no number",
            note: ["may be changed", "and deleted:", "no gap"],
        },
        {
            name: "final",
            fill: "good",
            number: "INV-2026-0001",
            note: ["number, period and", "text are fixed;", "not deletable"],
        },
        {
            name: "void",
            fill: "bad",
            number: "INV-2026-0001",
            note: ["keeps its number;", "reason and name in", "the journal"],
        },
    ] as const
    const width = 110
    const gap = (WIDTH - 2 * INSET - 3 * width) / 2
    const x = (at: number) => INSET + at * (width + gap)
    const arrow = (at: number, label: string) => [
        line(x(at) + width, 58, x(at + 1), 58, true),
        text(x(at) + width + gap / 2, 50, label, {
            anchor: "middle",
            size: 12,
            mono: true,
            colour: "muted",
        }),
    ]
    return picture("An invoice from draft to final to void", 176, [
        ...columns.flatMap(({ name, fill, number, note }, at) => [
            labelled(x(at), 34, width, 48, fill, [name], { bold: true, size: 15 }),
            text(x(at) + width / 2, 104, number, { anchor: "middle", size: 12.5, mono: at > 0 }),
            ...note.map((words, row) =>
                text(x(at) + width / 2, 126 + row * 16, words, {
                    anchor: "middle",
                    size: 12,
                    colour: "muted",
                }),
            ),
        ]),
        ...arrow(0, "assign"),
        ...arrow(1, "void"),
        text(INSET, 22, 'when: { status: Not("draft") }, deletable: false', {
            mono: true,
            size: 12,
            colour: "muted",
        }),
    ])
}

export function drawAnatomyOfANumber(): string {
    const size = 34
    const letter = size * 0.6
    const number = "INV-2026-0001"
    const left = (WIDTH - number.length * letter) / 2
    const parts = [
        { from: 0, to: 4, lines: ["format", "any characters"] },
        { from: 4, to: 8, lines: ["{YYYY}", "year of issuedOn"] },
        { from: 9, to: 13, lines: ["{0000}", "4 digits or more"] },
    ]
    return picture("The anatomy of INV-2026-0001", 206, [
        ...Array.from(number).map((character, at) =>
            text(Math.round((left + (at + 0.5) * letter) * 10) / 10, 52, character, {
                anchor: "middle",
                size,
                mono: true,
                bold: true,
            }),
        ),
        ...parts.flatMap(({ from, to, lines: [token = "", meaning = ""] }, at) => {
            const x1 = Math.round(left + from * letter + 2)
            const x2 = Math.round(left + to * letter - 2)
            const middle = Math.round((x1 + x2) / 2) + (at - 1) * 34
            return [
                line(x1, 64, x2, 64),
                line(Math.round((x1 + x2) / 2), 64, middle, 80),
                text(middle, 96, token, { anchor: "middle", size: 13, mono: at > 0 }),
                text(middle, 113, meaning, { anchor: "middle", size: 12, colour: "muted" }),
            ]
        }),
        labelled(
            INSET,
            134,
            WIDTH - 2 * INSET,
            54,
            "number",
            [
                "the counter row: company Acme, period 2026, last 1",
                "scope: uniqueWith and period; unique index over it and the number",
            ],
            { size: 12 },
        ),
    ])
}
