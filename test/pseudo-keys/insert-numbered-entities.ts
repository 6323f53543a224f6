import { Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, PseudoKey, type Strategy } from "../../src"

/** Rows whose key is made of a number of the same row. */
function billsBy(strategy: Strategy) {
    @Entity(`bill_${strategy.replace("-", "_")}`)
    class Bill {
        @PrimaryGeneratedColumn()
        id!: number

        @AutoSequenceColumn({ strategy, startAt: 7 })
        number!: number

        @PseudoKey({
            prefix: "bill",
            case: "keep",
            derive: (bill: { number: number }) => `B-${bill.number}`,
            after: strategy === "trigger" ? "insert" : undefined,
        })
        slug!: string
    }
    return Bill
}

export const BILLS = {
    "table-lock": billsBy("table-lock"),
    counter: billsBy("counter"),
    trigger: billsBy("trigger"),
}

/** Numbered rows with a random key, and without. */
function ticketsBy(strategy: Strategy, { isKeyed }: { isKeyed: boolean }) {
    class Ticket {
        id!: number
        number!: number
        code?: string
    }
    PrimaryGeneratedColumn()(Ticket.prototype, "id")
    AutoSequenceColumn({ strategy })(Ticket.prototype, "number")
    if (isKeyed) PseudoKey()(Ticket.prototype, "code")
    Entity(`${isKeyed ? "keyed" : "plain"}_${strategy.replace("-", "_")}`)(Ticket)
    return Ticket
}

const ticketsOf = (strategy: Strategy) => ({
    plain: ticketsBy(strategy, { isKeyed: false }),
    keyed: ticketsBy(strategy, { isKeyed: true }),
})

export const TICKETS = {
    "table-lock": ticketsOf("table-lock"),
    counter: ticketsOf("counter"),
    trigger: ticketsOf("trigger"),
}
