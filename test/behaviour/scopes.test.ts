import { expect } from "chai"
import {
    Column,
    Entity,
    JoinColumn,
    ManyToOne,
    OneToMany,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    type Relation,
} from "typeorm"
import { AutoSequenceColumn } from "../../src"
import { onEachCell } from "../support/matrix"
import { numbersOf } from "../support/rows"
import { expectNext } from "../support/stored"

onEachCell("Scopes", ({ way, tables }) => {
    const { options } = way

    @Entity()
    class Customer {
        @PrimaryGeneratedColumn() id!: number
        @Column({ default: "" }) name!: string
    }

    /** The foreign key is a property beside the relation; either may name the scope. */
    @Entity()
    class Order {
        @PrimaryGeneratedColumn() id!: number
        @Column() customerId!: number
        @ManyToOne(() => Customer) @JoinColumn({ name: "customerId" }) customer!: Customer | null
        @AutoSequenceColumn({ ...options, uniqueWith: "customerId" }) number!: number
    }

    @Entity()
    class Quote {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "int", nullable: true }) customerId!: number | null
        @ManyToOne(() => Customer) @JoinColumn({ name: "customerId" }) customer!: Customer | null
        @AutoSequenceColumn({ ...options, uniqueWith: "customer" }) number!: number
    }

    class Address {
        @Column({ length: 20 }) country!: string
    }

    @Entity()
    class Parcel {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Customer, { nullable: false }) customer!: Customer
        @Column(() => Address) address!: Address
        @AutoSequenceColumn({ ...options, uniqueWith: ["customer", "address.country"] })
        number!: number
    }

    @Entity()
    class Branch {
        @PrimaryColumn({ length: 20 }) country!: string
        @PrimaryColumn({ length: 20 }) city!: string
    }

    @Entity()
    class Receipt {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Branch, { nullable: false }) branch!: Branch
        @AutoSequenceColumn({ ...options, uniqueWith: "branch" }) number!: number
    }

    @Entity()
    class Seat {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 20, nullable: true }) hall?: string | null
        @Column({ type: "int", nullable: true }) row?: number | null
        @AutoSequenceColumn({ ...options, uniqueWith: ["hall", "row"] }) number!: number
    }

    @Entity()
    class Box {
        @PrimaryGeneratedColumn() id!: number
        @OneToMany(() => Item, (item) => item.box) items!: Relation<Item>[]
    }

    @Entity()
    class Item {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Box, (box) => box.items, { nullable: true }) box?: Relation<Box> | null
        @AutoSequenceColumn({ ...options, uniqueWith: "box" }) number!: number
    }

    @Entity()
    class WithDefault {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 20, default: "main" }) branch?: string
        @Column({ type: "int", default: 7 }) year?: number
        @AutoSequenceColumn({ ...options, uniqueWith: ["branch", "year"] }) number!: number
    }

    const dataSource = tables([
        ...[Customer, Order, Quote, Parcel, Branch],
        ...[Receipt, Seat, Box, Item, WithDefault],
    ])
    const customers = () => dataSource().getRepository(Customer).save([{}, {}])

    for (const entity of [Order, Quote])
        describe(`of a foreign key and its relation, both properties (${entity.name})`, () => {
            const repository = () => dataSource().getRepository<Order | Quote>(entity)

            it("are given by the column, the relation, or both", async () => {
                const [a, b] = await customers()
                const rows = await repository().save([
                    { customerId: a?.id },
                    { customer: a },
                    { customer: a, customerId: a?.id },
                    { customer: b },
                    { customerId: b?.id },
                ])
                expect(numbersOf(rows)).to.eql([1, 2, 3, 1, 2])
                await expectNext(repository(), { customerId: a?.id }, [1, 2, 3, 4])
                await expectNext(repository(), { customerId: b?.id }, [1, 2, 3])
            })

            it("are what is stored, where both are given and differ", async () => {
                const [a, b] = await customers()
                await repository().save([{ customer: a }, { customer: a }, { customer: b }])
                const { id, number } = await repository().save({ customer: a, customerId: b?.id })
                const stored = await repository().findOneByOrFail({ id })
                expect(number).to.equal(stored.customerId === a?.id ? 3 : 2)
                expect(stored.number).to.equal(number)
                const next = stored.customerId === a?.id ? [1, 2, 3, 4] : [1, 2, 3]
                await expectNext(repository(), { customerId: stored.customerId }, next)
            })

            it("are as TypeORM stores them where the relation is null and the key is not", async () => {
                const [a] = await customers()
                await repository().save({ customerId: a?.id })
                const given = { customerId: a?.id, customer: null }
                const saved = await repository()
                    .save({ ...given })
                    .catch((error: Error) => error)
                if (saved instanceof Error) {
                    // TypeORM stores NULL, which this column does not take.
                    expect(entity).to.equal(Order)
                    expect(saved.name).to.equal("QueryFailedError")
                    return expectNext(repository(), { customerId: a?.id }, [1, 2], way)
                }
                const stored = await repository().findOneByOrFail({ id: saved.id })
                expect(stored.number).to.equal(saved.number)
                const scope = { customerId: stored.customerId }
                expect(stored.number).to.equal(stored.customerId === null ? 1 : 2)
                await expectNext(
                    repository(),
                    scope,
                    stored.customerId === null ? [1, 2] : [1, 2, 3],
                )
            })
        })

    it("of a relation and an embedded column count together", async () => {
        const [a, b] = await customers()
        const parcels = dataSource().getRepository(Parcel)
        const rows = await parcels.save(
            (
                [
                    [a, "DE"],
                    [a, "FR"],
                    [b, "DE"],
                    [a, "DE"],
                    [b, "DE"],
                ] as const
            ).map(([customer, country]) => ({ customer, address: { country } })),
        )
        expect(numbersOf(rows)).to.eql([1, 1, 1, 2, 2])
        await expectNext(parcels, { customer: a, address: { country: "DE" } }, [1, 2, 3])
    })

    it("of a foreign key of two columns count both", async () => {
        const branches = await dataSource()
            .getRepository(Branch)
            .save([
                { country: "DE", city: "Bonn" },
                { country: "DE", city: "Ulm" },
                { country: "FR", city: "Bonn" },
            ])
        const receipts = dataSource().getRepository(Receipt)
        const rows = await receipts.save([0, 1, 2, 0].map((i) => ({ branch: branches[i] })))
        expect(numbersOf(rows)).to.eql([1, 1, 1, 2])
        await expectNext(receipts, { branch: { country: "DE", city: "Ulm" } }, [1, 2])
    })

    it("of NULL are scopes of their own, in one column of two and in both", async () => {
        const seats = [
            { hall: "a", row: null },
            { hall: null, row: 1 },
            { hall: null, row: null },
            { hall: "a", row: 1 },
        ]
        const repository = dataSource().getRepository(Seat)
        const rows = await repository.save([...seats, ...seats].map((seat) => ({ ...seat })))
        expect(numbersOf(rows)).to.eql([1, 1, 1, 1, 2, 2, 2, 2])
        expect((await repository.save({})).number).to.equal(3)
        await expectNext(repository, { hall: null, row: null }, [1, 2, 3, 4])
        for (const seat of seats.filter(({ hall, row }) => hall ?? row))
            await expectNext(repository, seat, [1, 2, 3])
    })

    it("of a relation with an inverse side are NULL where it is null, or not set", async () => {
        const items = dataSource().getRepository(Item)
        expect(numbersOf(await items.save([{ box: null }, { box: null }]))).to.eql([1, 2])
        expect((await items.save({})).number).to.equal(3)
        await expectNext(items, { box: null }, [1, 2, 3, 4])
    })

    it("of a column that is left to its literal default are the default", async () => {
        const rows = dataSource().getRepository(WithDefault)
        expect(numbersOf(await rows.save([{}, { branch: "main" }, { year: 7 }]))).to.eql([1, 2, 3])
        expect(numbersOf(await rows.save([{ branch: "side" }, { year: 8 }]))).to.eql([1, 1])
        await dataSource().transaction((manager) => manager.insert(WithDefault, {}))
        await expectNext(rows, { branch: "main", year: 7 }, [1, 2, 3, 4, 5])
    })
})
