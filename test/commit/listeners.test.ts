import { expect } from "chai"
import {
    type EntitySubscriberInterface,
    EventSubscriber,
    type TransactionCommitEvent,
} from "typeorm"
import { rejection } from "../support/errors"
import { numbersOf } from "../support/rows"
import { storedNumbers } from "../support/stored"
import { onCounters, Ticket } from "./entities"

onCounters("Listeners of the caller and numbers that are made at COMMIT", ({ database }) => {
    let written: Ticket[]
    let does: "nothing" | "write" | "fail before" | "fail after"

    @EventSubscriber()
    class Listener implements EntitySubscriberInterface {
        async beforeTransactionCommit({ manager }: TransactionCommitEvent): Promise<void> {
            if (does === "fail before") throw new Error("refused")
            if (does === "write") written.push(await manager.save(Ticket, { note: "listener" }))
        }
        afterTransactionCommit(): void {
            if (does === "fail after") throw new Error("too late")
        }
    }

    it("may write rows, or fail", async () => {
        written = []
        does = "nothing"
        const dataSource = await database().connect([Ticket], { subscribers: [Listener] })
        const tickets = dataSource.getRepository(Ticket)
        const rows: Ticket[] = []
        const save = () => {
            const row = tickets.create()
            rows.push(row)
            return tickets.save(row)
        }
        await save()
        does = "write"
        await save()
        expect(numbersOf(rows)).to.eql([1, 2])
        expect(written).to.have.length(1)
        expect(written[0]).to.include({ number: 3, key: "T-3" })
        does = "fail before"
        expect(await rejection(save())).to.include({ message: "refused" })
        does = "fail after"
        expect(await rejection(save())).to.include({ message: "too late" })
        does = "nothing"
        await save()
        // What a listener says of a COMMIT that has succeeded changes nothing.
        expect(numbersOf(rows)).to.eql([1, 2, null, 4, 5])
        expect(await storedNumbers(tickets)).to.eql([1, 2, 3, 4, 5])
    })
})
