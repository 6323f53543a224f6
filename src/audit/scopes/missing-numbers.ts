import type { AuditRange } from "../types"
import { explained, lowestOf, type MissingRange, type RangeEvent, type RangeRule } from "./ranges"

/** How many unexplained ranges a finding names. */
const NAMED = 5

/** @internal How many more ranges all scopes of a series together may list. */
export interface Room {
    left: number
}

/**
 * The missing numbers of one scope. Each range is explained as it is added, so that the counts are exact however few
 * ranges are listed.
 * @internal
 */
export class MissingNumbers {
    count = 0n
    unexplained = 0n
    /** The first ranges, cut into parts that have one cause each. */
    readonly listed: AuditRange[] = []
    /** How many parts are not listed. */
    more = 0
    /** The first unexplained parts, whether listed or not. */
    readonly named: AuditRange[] = []
    /** In ascending order of the first numbers that they say something of. */
    private readonly events: readonly RangeEvent[]
    private nextEvent = 0
    /** Events that can explain the current range or a later one. */
    private current: RangeEvent[] = []

    constructor(
        events: readonly RangeEvent[],
        private readonly rule: RangeRule,
        private readonly limit: number,
        private readonly room: Room,
    ) {
        const order = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0)
        this.events = [...events].sort((a, b) => order(lowestOf(a), lowestOf(b)))
    }

    /** Ranges are added in ascending order. */
    add(range: MissingRange): void {
        for (const part of explained(range, this.eventsUpTo(range), this.rule)) {
            const count = BigInt(part.count)
            this.count += count
            if (part.cause === "unexplained") {
                this.unexplained += count
                if (this.named.length < NAMED) this.named.push(part)
            }
            const hasReason = part.cause !== "event" || part.event !== null
            const hasRoom = this.listed.length < this.limit && this.room.left > 0
            const isListed = this.more === 0 && hasReason && hasRoom
            if (isListed) {
                this.room.left -= 1
                this.listed.push(part)
            } else this.more += 1
        }
    }

    private eventsUpTo({ from, to }: MissingRange): readonly RangeEvent[] {
        // An event about the number after a range can explain the range.
        const last = to + this.rule.incrementBy
        let event = this.events[this.nextEvent]
        while (event && lowestOf(event) <= last) {
            this.current.push(event)
            event = this.events[++this.nextEvent]
        }
        this.current = this.current.filter((one) => one.last >= from)
        return this.current
    }
}
