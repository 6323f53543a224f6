import { INSET, labelled, line, picture, text } from "./svg"

const QUESTIONS = [
    {
        ask: ["May a number be lost?", "tickets, orders"],
        take: ['"counter"', "gapless: false"],
    },
    {
        ask: ["Does raw SQL or another", "program insert rows?"],
        take: ['"trigger"'],
    },
    {
        ask: ["Slow work between", "the insert and COMMIT?"],
        take: ['"counter"', 'assign: "commit"'],
    },
] as const

export function drawDecisionTree(): string {
    const parts = QUESTIONS.flatMap(({ ask, take }, at) => {
        const y = 20 + at * 92
        return [
            labelled(INSET, y, 200, 56, "work", ask),
            line(INSET + 200, y + 28, 288, y + 28, true),
            text(252, y + 21, "yes", { anchor: "middle", colour: "muted", size: 12 }),
            labelled(288, y, 176, 56, "number", take, { mono: true }),
            line(INSET + 100, y + 56, INSET + 100, y + 92, true),
            text(INSET + 110, y + 79, "no", { colour: "muted", size: 12 }),
        ]
    })
    const y = 20 + QUESTIONS.length * 92
    return picture("Which strategy: three questions", y + 60, [
        ...parts,
        labelled(INSET, y, 200, 40, "good", ['"counter"'], { mono: true, bold: true }),
        text(228, y + 25, "the usual answer for invoices", { colour: "muted", size: 12 }),
    ])
}
