import type { Refuse } from "../options"

/** How a numbered column gets its numbers. */
export type Strategy = "table-lock" | "counter" | "trigger"

/** @internal */
export const STRATEGIES: readonly Strategy[] = ["table-lock", "counter", "trigger"]

/** The strategies that take an option which not all of them take. */
const TAKEN_BY = {
    gapless: ["counter"],
    cache: ["counter"],
    assign: ["counter", "trigger"],
    series: ["counter", "trigger"],
    startAt: ["table-lock", "counter"],
    // A trigger can't tell a NULL that was set from no value.
    nullable: ["table-lock", "counter"],
} as const satisfies Record<string, readonly Strategy[]>

/** What any strategy takes: mostly as it is what happens anyway. */
const NOTHING_SPECIAL: Partial<Record<SpecialOption, (value: unknown) => boolean>> = {
    nullable: (value) => value === false,
    assign: (value) => value === "insert",
    startAt: (value) => typeof value !== "function",
}

const NOTES: Partial<Record<SpecialOption, string>> = {
    startAt:
        " The database can't call a function: give a number, and set the counters of scopes that start " +
        "elsewhere with setNext() of seriesOf().",
}

/** @internal An option that not all strategies take. */
export type SpecialOption = keyof typeof TAKEN_BY

/** @internal The given options that not all strategies take. */
export function specialOptions(
    options: Readonly<Partial<Record<SpecialOption, unknown>>>,
): SpecialOption[] {
    return (Object.keys(TAKEN_BY) as SpecialOption[]).filter(
        (name) => options[name] !== undefined && !NOTHING_SPECIAL[name]?.(options[name]),
    )
}

/** @internal Refuses options that a strategy does not take. */
export function refuseUntaken(
    strategy: Strategy,
    given: readonly SpecialOption[],
    refuse: Refuse,
): void {
    for (const name of given) {
        const takers: readonly Strategy[] = TAKEN_BY[name]
        if (!takers.includes(strategy))
            refuse(
                `${name === "startAt" ? "startAt as a function" : name} needs strategy ` +
                    `${takers.map((s) => `"${s}"`).join(" or ")}, and the strategy is "${strategy}".${NOTES[name] ?? ""}`,
            )
    }
}
