import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, type AutoSequenceColumnOptions } from "../../src"
import { onEachCell } from "../support/matrix"
import { expectNext, numbersOfScope } from "../support/stored"

function tickets(options: AutoSequenceColumnOptions) {
    @Entity()
    class Ticket {
        @PrimaryGeneratedColumn() id!: number
        @Column() desk!: number
        @AutoSequenceColumn({ uniqueWith: "desk", ...options }) number!: number
    }
    return Ticket
}

const WRITERS = 16
const upTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1)

onEachCell(
    "the first writers of a scope, all at once",
    ({ way, database }) => {
        it("are numbered without a deadlock, in one new scope and in many", async () => {
            const Ticket = tickets(way.options)
            const dataSource = await database().connect([Ticket], { connections: WRITERS })
            const repository = dataSource.getRepository(Ticket)
            for (let desk = 1; desk <= 10; desk += 1) {
                await Promise.all(upTo(WRITERS).map(() => repository.save({ desk })))
                await expectNext(repository, { desk }, upTo(WRITERS + 1), way)
            }
            const desks = upTo(5 * WRITERS).map((desk) => 100 + desk)
            await Promise.all(
                upTo(WRITERS).map((writer) =>
                    // Each begins elsewhere, and all meet; each call has its scopes in one order.
                    repository.save(
                        desks.filter((desk) => (desk + writer) % 3 > 0).map((desk) => ({ desk })),
                    ),
                ),
            )
            for (const desk of desks) {
                const numbers = await numbersOfScope(repository, { desk })
                expect(new Set(numbers)).to.have.property("size", numbers.length)
                if (way.isGapless) expect(numbers).to.eql(upTo(numbers.length))
            }
        })

        it("set their own numbers, and hold up no first writers of other scopes", async function () {
            // It locks the table.
            if (way.options.strategy === "table-lock") return this.skip()
            const Ticket = tickets(way.options)
            const dataSource = await database().connect([Ticket])
            const repository = dataSource.getRepository(Ticket)
            await repository.save({ desk: 1 })
            await dataSource.transaction(async (manager) => {
                await manager.save(Ticket, { desk: 2, number: 7 })
                for (const desk of [0, 3, 9]) await repository.save({ desk })
            })
            for (const desk of [0, 3, 9]) await expectNext(repository, { desk }, [1, 2], way)
            await expectNext(repository, { desk: 2 }, [7, 8], way)
        })
    },
    (_, can) => can.parallel,
)
