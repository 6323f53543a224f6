import { INSET, line, picture, text, WIDTH } from "./svg"

interface Bar {
    readonly label: string
    readonly low: number
    readonly high: number
}

const LEFT = 212
const LENGTH = WIDTH - LEFT - INSET - 76
const ROW = 20

/** Draws the table of measured ratios of docs/benchmarks.md: a panel for each column, a bar for each line. */
export function drawBenchmarks(markdown: string): string {
    const [header, , ...rows] = markdown
        .split("\n")
        .filter((text) => text.startsWith("|"))
        .map((text) =>
            text
                .split("|")
                .slice(1, -1)
                .map((cell) => cell.trim()),
        )
    const [, ...columns] = header ?? []
    if (columns.length === 0) throw new Error("docs/benchmarks.md has no table of ratios.")

    const panels = columns.map((_, at) =>
        rows.flatMap(([label = "", ...cells]) => barOf(label, cells[at] ?? "")),
    )
    const scale = LENGTH / Math.max(1, ...panels.flat().map(({ high }) => high))
    const parts: string[] = []
    let y = 14
    columns.forEach((column, at) => {
        const bars = panels[at] ?? []
        parts.push(text(INSET, y + 16, column, { bold: true }))
        y += 26
        const top = y
        for (const bar of bars) {
            parts.push(...drawBar(bar, y, scale))
            y += ROW
        }
        parts.push(line(LEFT + scale, top, LEFT + scale, y))
        y += 10
    })
    parts.push(
        text(
            INSET,
            y + 8,
            "1.0, the line, is saving without a number. Light: the spread of the runs.",
            {
                size: 12,
                colour: "muted",
            },
        ),
    )
    return picture("Saved rows per time beside saving without a number", y + 22, parts)
}

function barOf(label: string, cell: string): Bar[] {
    if (cell === "") return []
    const [low = NaN, high = low] = cell.split(" to ").map(Number)
    if (!(low > 0 && high >= low)) throw new Error(`docs/benchmarks.md: "${cell}" is no ratio.`)
    return [{ label: short(label), low, high }]
}

function drawBar({ label, low, high }: Bar, y: number, scale: number): string[] {
    const bar = (from: number, to: number, fill: string, opacity: number) =>
        `<rect x="${round(LEFT + from * scale)}" y="${y + 3}" width="${round((to - from) * scale)}" height="${ROW - 6}" style="fill:${fill}" opacity="${opacity}"/>`
    return [
        text(LEFT - 8, y + 14, label, { anchor: "end", size: 12 }),
        bar(0, low, "#3b82f6", 1),
        bar(low, high, "#3b82f6", 0.45),
        text(WIDTH - INSET, y + 14, `${low.toFixed(2)} – ${high.toFixed(2)}`, {
            anchor: "end",
            size: 12,
            colour: "muted",
        }),
    ]
}

/** Labels of the table are for readers with more room. */
function short(label: string): string {
    return label
        .replaceAll("`", "")
        .replace(/^no number, in a data source without.*/, "no number, no library")
        .replace(/^numbered before the call.*/, "column and index alone")
        .replace(/^"counter", gapless.*/, '"counter", gapless: false')
        .replace(/^a counter written by hand.*/, "counter by hand")
        .replace(/ \(two runs\)$/, "")
}

function round(value: number): number {
    return Math.round(value * 10) / 10
}
