import { expect } from "chai"
import { Column, Entity, type EntityManager, ManyToOne, Not, PrimaryGeneratedColumn } from "typeorm"
import { auditSeries, AutoSequenceColumn, seriesOf } from "../../src"
import { onEachCell } from "../support/matrix"
import { seed } from "../support/seed"
import { tableName } from "../support/typeorm"

onEachCell(
    "Numbers that are lost, beside those that were passed over",
    ({ way, can, tables }) => {
        @Entity()
        class Batch {
            @PrimaryGeneratedColumn() id!: number
        }

        @Entity()
        class Invoice {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Batch, { nullable: true, onDelete: "CASCADE" }) batch!: Batch | null
            @Column({ length: 9, default: "final" }) status!: string
            @Column({ length: 9, default: "Acme" }) company!: string
            @AutoSequenceColumn({
                ...way.options,
                uniqueWith: "company",
                when: { status: Not("draft") },
                journal: true,
            })
            number!: number | null
        }

        const dataSource = tables([Batch, Invoice])
        const invoices = () => dataSource().getRepository(Invoice)
        const series = () => seriesOf(dataSource(), Invoice, "number")
        const table = () => tableName(dataSource().getMetadata(Invoice))

        const save = async (...numbers: (number | undefined)[]) => {
            for (const number of numbers) await invoices().save({ number })
        }
        const saveMany = (count: number) =>
            invoices().save(Array.from({ length: count }, () => ({})))
        /** Deletes rows so that the journal does not hear of it. */
        const lose = async (...numbers: number[]) => {
            const batch = await dataSource().getRepository(Batch).save({})
            const mute = way.isInDatabase && can.partialIndexes
            await dataSource().transaction(async (manager) => {
                for (const number of numbers)
                    await manager.query(
                        `UPDATE ${table()} SET ${dataSource().driver.escape("batchId")} = ${batch.id} WHERE number = ${number}`,
                    )
                if (mute) await manager.query(`ALTER TABLE ${table()} DISABLE TRIGGER USER`)
                await manager.query(
                    `DELETE FROM ${tableName(dataSource().getMetadata(Batch))} WHERE id = ${batch.id}`,
                )
                if (mute) await manager.query(`ALTER TABLE ${table()} ENABLE TRIGGER USER`)
            })
        }
        const missing = async () => {
            const report = await auditSeries(dataSource())
            return (report.series[0]?.scopes ?? []).flatMap(({ scope, ranges }) =>
                ranges.map(
                    ({ from, to, cause, event }) =>
                        `${scope.company === "Acme" ? "" : `${scope.company} `}${from}-${to} ${event?.kind ?? cause}`,
                ),
            )
        }
        const befores = async () =>
            (await series().events({ company: "Acme" })).map(
                ({ first, details }) => `${String(details?.before)} < ${String(first)}`,
            )

        /** Changes numbers, which SQLite has no setting for. */
        const allowing = (work: (manager: EntityManager) => Promise<unknown>) =>
            dataSource().transaction(async (manager) => {
                const name = can.tableLock
                    ? "LOCAL autosequence.allow_changes"
                    : "@autosequence_allow_changes"
                await manager.query(`SET ${name} = ${can.tableLock ? "'on'" : "TRUE"}`)
                await work(manager)
                await manager.query(`SET ${name} = ${can.tableLock ? "'off'" : "FALSE"}`)
            })

        it("were given before a number was set", async () => {
            await saveMany(10)
            await lose(9, 10)
            await save(20, undefined)
            expect(await missing()).to.eql(
                way.isReusing ? ["9-19 explicit"] : ["9-10 unexplained", "11-19 explicit"],
            )
            await lose(5, 6)
            await save(6, 18, undefined)
            expect(await missing()).to.eql([
                "5-5 unexplained",
                ...(way.isReusing
                    ? ["9-17 explicit", "19-19 explicit"]
                    : ["9-10 unexplained", "11-17 explicit", "19-19 explicit"]),
            ])
            expect(await befores()).to.eql([
                `${way.isReusing ? 8 : 10} < 20`,
                ...["21 < 6", "21 < 18"],
            ])
        })

        it("were given before the number of a draft was set", async () => {
            await saveMany(10)
            const { id } = await invoices().save({ status: "draft" })
            const second = await invoices().save({ status: "draft" })
            await lose(9, 10)
            await invoices().save({ id, status: "final", number: 20 })
            await invoices().save({ id: second.id, status: "final", number: 15 })
            expect(await missing()).to.eql([
                ...(way.isReusing ? ["9-14 explicit"] : ["9-10 unexplained", "11-14 explicit"]),
                "16-19 explicit",
            ])
            expect(await befores()).to.eql([`${way.isReusing ? 8 : 10} < 20`, "20 < 15"])
            await save(undefined)
            expect(await invoices().countBy({ number: 21 })).to.equal(1)
        })

        it("were given before others were imported", async () => {
            await saveMany(10)
            await lose(9, 10)
            const rows = [20, 30, 22, 21].map((number) => ({ number, company: "Acme" }))
            const others = [{ number: 3, company: "Other" }]
            await series().import(dataSource().manager, [...rows, ...others], { reason: "old" })
            await invoices().save({ company: "Other" })
            expect((await missing()).sort()).to.eql(
                [
                    ...(way.isReusing ? ["9-19 import"] : ["9-10 unexplained", "11-19 import"]),
                    ...["23-29 import", "Other 1-2 import"],
                ].sort(),
            )
            await lose(21)
            await save(undefined)
            expect(await missing()).to.include("21-21 unexplained")
        })

        // SQLite has no setting that allows it.
        if (can.bigints)
            it("were given before a row with a number moved there, or its number was corrected", async () => {
                await saveMany(3)
                await invoices().save({ company: "Other", number: 9 })
                await lose(3)
                const acme = { company: "Acme" }
                await allowing((manager) => manager.update(Invoice, { number: 9 }, acme))
                await allowing((manager) => manager.update(Invoice, { number: 1 }, { number: 20 }))
                const lost = way.isReusing ? [] : ["3-3 unexplained"]
                const passed = [`${way.isReusing ? 3 : 4}-8 explicit`, "10-19 explicit"]
                expect(await missing()).to.include.members(["1-1 move", ...lost, ...passed])
                const set = await series().events(acme, { kinds: ["explicit"] })
                expect(set.map(({ first, details }) => [first, details?.before])).to.eql([
                    [9, way.isReusing ? "2" : "3"],
                    [20, "9"],
                ])
                await save(undefined)
                expect(await invoices().countBy({ number: 21 })).to.equal(1)

                // Its own row had it before, and nobody has said why it has it again.
                await allowing((manager) => manager.update(Invoice, { number: 20 }, { number: 1 }))
                const [report] = (await auditSeries(dataSource())).series
                const found = report?.scopes.flatMap(({ findings }) =>
                    findings.map(({ kind, numbers }) => [kind, ...numbers].join(" ")),
                )
                expect(found).to.include("reused 1")
            })

        // SQLite has no setting that allows it.
        if (can.bigints)
            it("are told from those that were taken off their rows", async () => {
                await saveMany(3)
                const takeOff = (number: number, values: object) =>
                    allowing((manager) =>
                        manager.update(Invoice, { number }, { number: null, ...values }),
                    )
                await takeOff(2, { status: "draft" })
                expect(await missing()).to.eql(["2-2 delete"])
                await dataSource().transaction((manager) =>
                    manager.update(Invoice, { status: "draft" }, { status: "final" }),
                )
                expect(await invoices().countBy({ number: 4 })).to.equal(1)
                if (!way.isInDatabase) return
                // It stays final, so it is given the next one.
                await takeOff(1, {})
                expect(await missing()).to.eql(["1-1 delete", "2-2 delete"])
                await save(undefined)
                const stored = await invoices().find({ order: { number: "ASC" } })
                expect(stored.map(({ number }) => number)).to.eql([3, 4, 5, 6])
            })

        it("were given by the same statement", async () => {
            await saveMany(2)
            await invoices().save([{}, {}, { number: 10 }, {}, { number: 20 }, { number: 15 }])
            expect(await befores()).to.eql(["4 < 10", "11 < 20", "20 < 15"])
            await lose(3, 11)
            expect(await missing()).to.eql([
                ...["3-3 unexplained", "5-9 explicit", "11-11 unexplained"],
                ...["12-14 explicit", "16-19 explicit"],
            ])
        })

        if (way.isInDatabase)
            it("were given by a statement that leaves rows out, in another scope as well", async () => {
                await saveMany(10)
                await lose(9, 10)
                const rows =
                    "('Acme', 20), ('Acme', 20), ('Other', 5), ('Acme', 3), ('Acme', NULL), ('Acme', 30)"
                const insert = `INTO ${table()} (company, number) VALUES ${rows}`
                await dataSource().query(
                    can.partialIndexes
                        ? `INSERT ${insert} ON CONFLICT DO NOTHING`
                        : `INSERT IGNORE ${insert}`,
                )
                expect(await befores()).to.eql(["10 < 20", "21 < 30"])
                expect((await missing()).sort()).to.eql(
                    [
                        ...["9-10 unexplained", "11-19 explicit", "22-29 explicit"],
                        "Other 1-4 explicit",
                    ].sort(),
                )
                await lose(21)
                await save(undefined)
                expect(await missing()).to.include("21-21 unexplained")
                expect(await invoices().countBy({ number: 31 })).to.equal(1)
            })

        if (way.isInDatabase)
            it("were given by a statement of many rows", async () => {
                const numbers = Array.from({ length: 1100 }, (_, at) => 3 * (at + 1))
                for (const part of [numbers.slice(0, 1050), numbers.slice(1050)])
                    await dataSource().query(
                        `INSERT INTO ${table()} (number) VALUES ${part.map((one) => `(${one})`).join()}`,
                    )
                expect(await befores()).to.eql(numbers.map((one) => `${one - 3} < ${one}`))
            })

        it("are told from those that were passed over, whatever came first", async () => {
            let state = seed
            const below = (limit: number) => {
                state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
                return Math.floor((state / 2 ** 32) * limit)
            }
            let last = 0
            const rows = new Set<number>()
            const set = new Set<number>()
            const passed = new Set<number>()
            const pass = (to: number) => {
                for (let one = last + 1; one < to; one += 1) if (!set.has(one)) passed.add(one)
            }
            for (let step = 0; step < 60; step += 1) {
                const end = way.isReusing ? Math.max(0, ...rows) : last
                last = end
                const dice = below(10)
                const stored = [...rows]
                if (dice < 4) {
                    const { number } = await invoices().save({})
                    expect(number).to.equal(end + 1)
                    rows.add((last = end + 1))
                } else if (dice < 7) {
                    const number = 1 + below(end + 6)
                    if (rows.has(number)) continue
                    await save(number)
                    pass(number)
                    set.add(number)
                    passed.delete(number)
                    rows.add(number)
                    last = Math.max(last, number)
                } else if (dice < 9 && stored.length > 0) {
                    const number = below(2) ? Math.max(...rows) : stored[below(stored.length)]!
                    await lose(number)
                    rows.delete(number)
                } else if (!way.isReusing) {
                    const next = end + 1 + below(4)
                    await dataSource().transaction((manager) =>
                        series().setNext(manager, { company: "Acme" }, next, { reason: "why" }),
                    )
                    pass(next)
                    last = Math.max(last, next - 1)
                }
            }
            const [report] = (await auditSeries(dataSource())).series
            const unexplained = (report?.scopes[0]?.ranges ?? []).flatMap(({ from, to, cause }) =>
                cause === "event"
                    ? []
                    : Array.from({ length: +to - +from + 1 }, (_, at) => +from + at),
            )
            const end = way.isReusing ? Math.max(0, ...rows) : last
            const expected = Array.from({ length: end }, (_, at) => at + 1).filter(
                (one) => !rows.has(one) && !passed.has(one),
            )
            expect(unexplained).to.eql(expected)
        })
    },
    // Where numbers may be lost, nothing tells which were.
    ({ isGapless }) => isGapless,
)

onEachCell(
    "Numbers that may be lost, beside those that were passed over",
    ({ way, tables }) => {
        @Entity()
        class Ticket {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 9, default: "north" }) branch!: string
            @AutoSequenceColumn({ ...way.options, uniqueWith: "branch", journal: true })
            number!: number
        }

        const dataSource = tables([Ticket])

        it("are those that the counter had reached when a number was set", async () => {
            const tickets = dataSource().getRepository(Ticket)
            for (let at = 0; at < 4; at += 1) await tickets.save({})
            await tickets.query(`DELETE FROM ${tableName(tickets.metadata)} WHERE number IN (2, 4)`)
            for (const number of [20, undefined, 15, 30]) await tickets.save({ number })
            await tickets.save({ branch: "south", number: 3 })
            const events = await seriesOf(dataSource(), Ticket, "number").events()
            expect(
                events.map(({ first, details }) => `${String(details?.before)} < ${String(first)}`),
            ).to.eql(["4 < 20", "21 < 15", "21 < 30", "0 < 3"])
            const [report] = (await auditSeries(dataSource())).series
            const ranges = report?.scopes.flatMap((scope) =>
                scope.ranges.map(
                    ({ from, to, cause }) => `${scope.scope.branch ?? ""} ${from}-${to} ${cause}`,
                ),
            )
            expect(ranges).to.have.members([
                ...["north 2-2 declared", "north 4-4 declared", "north 5-14 event"],
                ...["north 16-19 event", "north 22-29 event", "south 1-2 event"],
            ])
        })
    },
    ({ isGapless }) => !isGapless,
)
