import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    KeyTakenError,
    PseudoKey,
    seriesOf,
    transactionWithRetry,
} from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { tableName } from "../support/typeorm"

onEachCell(
    "A key that a row gets with its number",
    ({ way, tables }) => {
        @Entity()
        class Ticket {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 9 }) title!: string
            @AutoSequenceColumn({ ...way.options, nullable: true }) number!: number | null
            @PseudoKey({ derive: ({ title }: Ticket) => title, nullable: true })
            slug!: string | null
            @PseudoKey({
                derive: ({ title }: Ticket) => title,
                history: true,
                nullable: true,
            })
            kept!: string | null
            @PseudoKey({ derive: ({ number }: Ticket) => `n-${number}`, nullable: true })
            made!: string | null
        }

        const dataSource = tables([Ticket])

        for (const others of ["slug", "kept"] as const)
            it(`is looked for again where another row has got it since the transaction began (${others})`, async () => {
                const tickets = dataSource().getRepository(Ticket)
                const table = tableName(dataSource().getMetadata(Ticket))
                await dataSource().query(`INSERT INTO ${table} (title) VALUES ('Tea')`)
                const [old] = await tickets.find()
                const numbers = seriesOf(dataSource(), Ticket, "number")
                let attempts = 0
                const work = transactionWithRetry(
                    dataSource(),
                    async (manager) => {
                        attempts += 1
                        await manager.find(Ticket)
                        if (attempts === 1)
                            await tickets.save({ title: "Cup", number: null, [others]: "tea" })
                        return numbers.assign(manager, old!)
                    },
                    { isolationLevel: "REPEATABLE READ" },
                )
                const free = { slug: "tea", kept: "tea", [others]: "tea-2" }
                expect(await work).to.include({ number: 1, ...free })
                expect(attempts).to.equal(2)
            })

        it("is refused as one that derive has made where another row has the one of the number", async () => {
            const tickets = dataSource().getRepository(Ticket)
            await tickets.save({ title: "Cup", number: null, made: "n-1" })
            const draft = await tickets.save({ title: "Tea", number: null })
            const numbers = seriesOf(dataSource(), Ticket, "number")
            const error = await rejection(numbers.assign(dataSource().manager, draft))
            expect(error).to.be.instanceOf(KeyTakenError)
            expect((error as Error).message).to.contain(
                "Ticket.made: another row has the key that derive has made",
            )
        })
    },
    ({ options, hasDrafts, isGapless }, { parallel }) =>
        parallel && hasDrafts && isGapless && options.strategy === "counter",
)
