/** What all pictures of the documentation are made of. They are as wide as a phone can show. */
export const WIDTH = 480
export const INSET = 16

/** Colours by role: [light, dark]. */
const COLOURS: Record<string, readonly [string, string]> = {
    paper: ["#ffffff", "#1b1b1f"],
    ink: ["#24292f", "#dfdfd6"],
    muted: ["#57606a", "#9b9ba3"],
    line: ["#d0d7de", "#45454d"],
    work: ["#e8ecf1", "#32363f"],
    number: ["#cfe3ff", "#1d3f6e"],
    good: ["#c9f0d3", "#1c4a2c"],
    bad: ["#ffd7d5", "#6a2327"],
    wait: ["#8c959f", "#6e7681"],
}

export type Fill = "work" | "number" | "good" | "bad" | "paper"

export function picture(title: string, height: number, parts: readonly string[]): string {
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" class="picture" role="img" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="13">`,
        `<title>${escape(title)}</title>`,
        `<style>${style()}</style>`,
        `<defs><pattern id="hatch" width="6" height="6" patternTransform="rotate(45)" patternUnits="userSpaceOnUse"><path d="M0 0V6" style="stroke:var(--wait)" stroke-width="3"/></pattern><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" style="fill:var(--muted)"/></marker></defs>`,
        `<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8" style="fill:var(--paper);stroke:var(--line)"/>`,
        ...parts,
        "</svg>",
        "",
    ].join("\n")
}

/** @param dark what a colour is dark under: a selector of the site, or by itself the setting of the reader's system */
export function style(dark?: string): string {
    const all = (at: 0 | 1) =>
        `.picture{${Object.entries(COLOURS)
            .map(([name, colours]) => `--${name}:${colours[at]}`)
            .join(";")}}`
    return `${all(0)}${dark ? `${dark} ${all(1)}` : `@media (prefers-color-scheme:dark){${all(1)}}`}`
}

export interface Look {
    readonly anchor?: "start" | "middle" | "end"
    readonly size?: number
    readonly colour?: "ink" | "muted"
    readonly bold?: boolean
    readonly mono?: boolean
}

export function text(x: number, y: number, content: string, look: Look = {}): string {
    const { anchor = "start", size = 13, colour = "ink", bold = false, mono = false } = look
    const family = mono ? ` font-family="ui-monospace, monospace"` : ""
    const weight = bold ? ` font-weight="600"` : ""
    return `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="${size}"${family}${weight} style="fill:var(--${colour})">${escape(content)}</text>`
}

export function box(
    x: number,
    y: number,
    width: number,
    height: number,
    fill: Fill | "wait",
): string {
    const inside = fill === "wait" ? "url(#hatch)" : `var(--${fill})`
    return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="4" style="fill:${inside};stroke:var(--line)"/>`
}

/** A box with lines of text in its middle. */
export function labelled(
    x: number,
    y: number,
    width: number,
    height: number,
    fill: Fill,
    lines: readonly string[],
    look: Look = {},
): string {
    const middle = y + height / 2 - (lines.length - 1) * 8 + 4.5
    return [
        box(x, y, width, height, fill),
        ...lines.map((line, at) =>
            text(x + width / 2, middle + at * 16, line, { anchor: "middle", ...look }),
        ),
    ].join("\n")
}

export function line(x1: number, y1: number, x2: number, y2: number, isArrow = false): string {
    const end = isArrow ? ` marker-end="url(#arrow)"` : ""
    const colour = isArrow ? "muted" : "line"
    return `<path d="M${x1} ${y1}L${x2} ${y2}" fill="none" style="stroke:var(--${colour})" stroke-width="1.5"${end}/>`
}

function escape(content: string): string {
    return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")
}
