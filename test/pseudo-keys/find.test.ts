import { expect } from "chai"
import { type DataSource, type EntityTarget, IsNull, Like, type ObjectLiteral } from "typeorm"
import {
    findByPseudoKey,
    findByPseudoKeyOrFail,
    InvalidOptionError,
    KeyNotFoundError,
    resolvePseudoKey,
    wherePseudoKey,
} from "../../src"
import { onEveryDatabase, StatementLog } from "../support/databases"
import { expectRejects, rejection } from "../support/errors"
import {
    Bill,
    Box,
    Customer,
    FIND_ENTITIES,
    Letter,
    Note,
    OfBigint,
    OfSmallint,
    OfText,
    OfUuid,
    Order,
    Page,
    Paper,
    renamedCustomer,
    Ticket,
    Twin,
} from "./find-entities"

/** What can be no key, whatever the entity. */
const MALFORMED: unknown[] = [
    "",
    "a".repeat(256),
    "cus_" + "a".repeat(252),
    "tck_" + "a".repeat(252),
    "a".repeat(10_000),
    "ä",
    "cus_ключ",
    "cus_a b",
    "cus_%",
    "cus_'",
    "cus_a/b",
    "cus_a\0",
    "cus_a\n",
    ".",
    "..",
    undefined,
    null,
    1,
    1n,
    true,
    {},
    { toString: () => "cus_a" },
    ["cus_a"],
    Like("%"),
]

/** What can be a key of no entity whose keys have prefixes. */
const WITHOUT_PREFIX = ["1", "cus", "cus_", "cust_a", "CUS_a", "acus_a", "_a", "cus-a", "xyz_a"]

onEveryDatabase("Look-ups by pseudo keys", (database) => {
    const log = new StatementLog()
    let dataSource: DataSource

    async function connect(entities: EntityTarget<ObjectLiteral>[] = FIND_ENTITIES) {
        dataSource = await database().connect(entities as never[], { emptied: true, logger: log })
        return dataSource.manager
    }

    /** Expects the work to send so many statements. */
    async function sends<T>(count: number, work: () => Promise<T>): Promise<T> {
        log.statements.length = 0
        const result = await work()
        expect(log.statements).to.have.length(count)
        return result
    }

    it("take one query, with relations as well, and a second one for a former key", async () => {
        const manager = await connect()
        const ada = await renamedCustomer(manager, "cus_ada", "cus_lovelace")
        await renamedCustomer(manager, "cus_bob", "cus_other")
        const order = await manager.save(Order, { tenantId: 1, customer: ada })
        await manager.save(Order, { tenantId: 1, customer: ada })
        const ticket = await manager.getRepository(Ticket).save({})
        await manager.getRepository(Ticket).save({})
        const orders = manager.getRepository(Order)
        const customers = manager.getRepository(Customer)

        for (const find of [findByPseudoKey, findByPseudoKeyOrFail]) {
            const byManager = await sends(1, () => find(manager, Order, order.publicId))
            const byRepository = await sends(1, () => find(orders, order.publicId))
            expect(byManager).to.be.instanceOf(Order).and.to.include({ id: order.id })
            expect(byRepository).to.eql(byManager)
            const withCustomer = await sends(1, () =>
                find(orders, order.publicId, { relations: { customer: true } }),
            )
            expect(withCustomer?.customer).to.include({ publicId: "cus_lovelace" })
            expect(await sends(1, () => find(orders, order.reference))).to.eql(byManager)
            for (const [key, queries] of [
                ["cus_ada", 2],
                ["cus_lovelace", 1],
            ] as const) {
                const customer = await sends(queries, () =>
                    find(customers, key, { relations: { orders: true } }),
                )
                expect(customer).to.include({ id: ada.id, publicId: "cus_lovelace" })
                expect(customer?.orders).to.have.length(2)
            }
            expect(await sends(1, () => find(manager, Ticket, ticket.publicId))).to.eql(ticket)
        }
        for (const key of ["cus_ada", "cus_lovelace", order.publicId, ticket.publicId]) {
            const isFormer = key === "cus_ada"
            const queries = isFormer ? 2 : 1
            const found = await sends(queries, () => resolvePseudoKey(dataSource, key))
            expect(found?.isRetired, key).to.equal(isFormer)
            const again = await sends(queries, () => resolvePseudoKey(manager, key))
            expect(again).to.eql(found)
        }
    })

    it("resolve to null or KeyNotFoundError where no row has the key", async () => {
        const manager = await connect()
        const { id, publicId } = await manager.getRepository(Ticket).save({})
        await manager.delete(Ticket, { id })
        for (const [entity, key] of [
            [Customer, "cus_nobody"],
            [Order, "ord_nobody"],
            [Order, "nobody"],
            [Ticket, publicId],
        ] as [EntityTarget<ObjectLiteral>, string][]) {
            // Customers keep a history.
            const queries = entity === Customer ? 2 : 1
            const found = await sends(queries, () => findByPseudoKey(manager, entity, key))
            expect(found).to.equal(null)
            const resolved = await sends(queries, () => resolvePseudoKey(manager, key, { entity }))
            expect(resolved).to.equal(null)
            const attempt = findByPseudoKeyOrFail(manager, entity, key)
            const error = await rejection(attempt)
            expect(error)
                .to.be.instanceOf(KeyNotFoundError)
                .and.to.include({ code: "KEY_NOT_FOUND" })
            expect(error.message).not.to.include(key)
        }
    })

    it("send no query for what can be no key", async () => {
        const manager = await connect()
        await manager.save(Customer, { name: "", publicId: "cus_a" })
        const attempts: [EntityTarget<ObjectLiteral>, unknown][] = [
            ...[Customer, Ticket, Order, Box, Paper].flatMap((entity) =>
                MALFORMED.map((key): [typeof entity, unknown] => [entity, key]),
            ),
            ...[Customer, Ticket, Box, Paper].flatMap((entity) =>
                WITHOUT_PREFIX.map((key): [typeof entity, unknown] => [entity, key]),
            ),
        ]
        for (const [entity, malformed] of attempts) {
            const key = malformed as string
            const { name } = manager.getRepository(entity).metadata
            const what = `${name} ${typeof key} ${key}`.slice(0, 50)
            log.statements.length = 0
            expect(await findByPseudoKey(manager, entity, key), what).to.equal(null)
            expect(await findByPseudoKey(manager.getRepository(entity), key), what).to.equal(null)
            expect(await resolvePseudoKey(dataSource, key, { entity }), what).to.equal(null)
            if (typeof key !== "string" || !key.startsWith("cus_"))
                expect(await resolvePseudoKey(manager, key), what).to.equal(null)
            const attempt = findByPseudoKeyOrFail(manager, entity, key)
            expect(await rejection(attempt), what).to.be.instanceOf(KeyNotFoundError)
            expect(log.statements, what).to.eql([])
        }
        for (const key of [...MALFORMED, ...WITHOUT_PREFIX] as string[])
            expect(
                await manager.findBy(Customer, wherePseudoKey(manager, Customer, key)),
                key,
            ).to.eql([])
    })

    it("don't look through long texts", async () => {
        const manager = await connect()
        const long = "a".repeat(20_000_000)
        const start = performance.now()
        for (let count = 0; count < 300; count += 1) {
            expect(await findByPseudoKey(manager, Order, long)).to.equal(null)
            expect(await findByPseudoKey(manager, Ticket, `tck_${long}`)).to.equal(null)
            expect(await resolvePseudoKey(manager, long)).to.equal(null)
        }
        // To look through it once takes 10 ms or more.
        expect(performance.now() - start).to.be.below(2000)
    })

    it("never take the primary key for a key", async () => {
        const manager = await connect([...FIND_ENTITIES, OfBigint, OfUuid, OfText])
        const rows: [EntityTarget<ObjectLiteral>, string | number][] = [
            [Customer, (await manager.save(Customer, { name: "" })).id],
            [Order, (await manager.save(Order, { tenantId: 1 })).id],
            [Ticket, (await manager.getRepository(Ticket).save({})).id],
            [OfBigint, (await manager.save(OfBigint, { id: "12" })).id],
            [OfUuid, (await manager.getRepository(OfUuid).save({})).id],
            [OfText, (await manager.save(OfText, { id: "abc" })).id],
        ]
        for (const [entity, id] of rows)
            for (const key of [id, String(id), `cus_${id}`, `ord_${id}`, `tck_${id}`] as string[]) {
                expect(await findByPseudoKey(manager, entity, key), key).to.equal(null)
                expect(await resolvePseudoKey(manager, key, { entity }), key).to.equal(null)
                const where = wherePseudoKey(manager, entity, key)
                expect(await manager.findBy(entity, where), key).to.eql([])
            }
    })

    it("find rows of the tenant alone, also by several conditions", async () => {
        const manager = await connect()
        const { publicId } = await manager.save(Order, { tenantId: 7, name: "tea" })
        const find = async (where: object) =>
            (await sends(1, () => findByPseudoKey(manager, Order, publicId, { where }))) !== null
        expect(await find({ tenantId: 7 })).to.equal(true)
        expect(await find({ tenantId: 8 })).to.equal(false)
        expect(await find([{ tenantId: 8 }, { name: "tea" }])).to.equal(true)
        expect(await find([{ tenantId: 8 }, { name: "milk" }])).to.equal(false)
        // The key itself.
        expect(await find({ publicId })).to.equal(true)
        expect(await find({ publicId: Like("ord%") })).to.equal(true)
        expect(await find({ publicId: Like("inv%") })).to.equal(false)
        const other = await manager.save(Order, { tenantId: 7 })
        expect(await find({ publicId: other.publicId })).to.equal(false)

        const { publicId: key } = await manager.save(Ticket, { tenantId: 7 })
        const second = await manager.save(Ticket, { tenantId: 7 })
        const findTicket = async (where: object) =>
            (await sends(1, () => findByPseudoKey(manager, Ticket, key, { where })))?.publicId
        expect(await findTicket({ tenantId: 7 })).to.equal(key)
        expect(await findTicket({ tenantId: 8 })).to.equal(undefined)
        expect(await findTicket({ id: second.id })).to.equal(undefined)
        expect(await findTicket([{ id: second.id }, { tenantId: 7 }])).to.equal(key)
    })

    it("find rows by a retired key under further conditions", async () => {
        const manager = await connect()
        const ada = await renamedCustomer(manager, "cus_ada", "cus_lovelace")
        const bob = await manager.save(Customer, { name: "bob" })
        const find = async (where: object, key: string) => {
            log.statements.length = 0
            const found = await findByPseudoKey(manager, Customer, key, { where })
            expect(log.statements).to.have.length(found?.publicId === key ? 1 : 2)
            return found?.id
        }
        for (const key of ["cus_ada", "cus_lovelace"]) {
            expect(await find({ name: "cus_ada" }, key)).to.equal(ada.id)
            expect(await find({ name: "bob" }, key)).to.equal(undefined)
            expect(await find({ id: ada.id }, key)).to.equal(ada.id)
            expect(await find({ id: bob.id }, key)).to.equal(undefined)
            expect(await find([{ id: bob.id }, { name: "cus_ada" }], key)).to.equal(ada.id)
            expect(await find([{ id: bob.id }, { name: "bob" }], key)).to.equal(undefined)
            expect(await find({ publicId: "cus_lovelace" }, key)).to.equal(ada.id)
            expect(await find({ publicId: "cus_ada" }, key)).to.equal(undefined)
        }
        const options = { retired: false }
        expect(await findByPseudoKey(manager, Customer, "cus_ada", options)).to.equal(null)
        expect(await findByPseudoKey(manager, Customer, "cus_lovelace", options)).to.include({
            id: ada.id,
        })
        expect(
            await manager.findBy(Customer, wherePseudoKey(manager, Customer, "cus_ada", options)),
        ).to.eql([])
    })

    it("take TypeORM's options", async () => {
        const manager = await connect()
        const customer = await renamedCustomer(manager, "cus_ada", "cus_lovelace")
        const order = await manager.save(Order, { tenantId: 7, customer, payer: customer })
        const selected = await findByPseudoKey(manager, Order, order.publicId, {
            select: { id: true, customer: { name: true } },
            relations: { customer: true },
        })
        expect(selected).to.eql(
            Object.assign(new Order(), {
                id: order.id,
                customer: Object.assign(new Customer(), { name: "cus_ada" }),
            }),
        )
        expect(
            await findByPseudoKey(manager, Customer, "cus_ada", { select: { name: true } }),
        ).to.eql(Object.assign(new Customer(), { name: "cus_ada" }))

        await manager.softDelete(Order, { id: order.id })
        for (const key of [order.publicId, order.reference]) {
            expect(await findByPseudoKey(manager, Order, key)).to.equal(null)
            const options = { withDeleted: true }
            expect(await findByPseudoKey(manager, Order, key, options)).to.include({ id: order.id })
            const entity = Order
            expect(await resolvePseudoKey(manager, key, { entity })).to.equal(null)
            expect(await resolvePseudoKey(manager, key, { entity, ...options })).to.include({ key })
        }
    })

    it("ask which key is meant where it can't be told", async () => {
        const manager = await connect()
        const row = await manager.getRepository(Twin).save({})
        const other = await manager.save(Twin, { first: row.second })
        const texts = ["Twin", "first", "second", "property"]
        const attempts = [
            findByPseudoKey(manager, Twin, row.first),
            findByPseudoKeyOrFail(manager.getRepository(Twin), row.first),
            resolvePseudoKey(manager, row.first, { entity: Twin }),
            Promise.resolve().then(() => wherePseudoKey(manager, Twin, row.first)),
        ]
        for (const attempt of attempts) await expectRejects(attempt, InvalidOptionError, ...texts)
        const find = (key: string, property: "first" | "second") =>
            sends(1, () => findByPseudoKey(manager, Twin, key, { property }))
        expect(await find(row.first, "first")).to.eql(row)
        expect(await find(row.first, "second")).to.equal(null)
        expect(await find(row.second, "second")).to.eql(row)
        expect(await find(row.second, "first")).to.eql(other)
        const resolved = await resolvePseudoKey(manager, row.second, {
            entity: Twin,
            property: "second",
        })
        expect(resolved).to.eql({ row, entity: "Twin", key: row.second, isRetired: false })
        expect(
            await manager.findBy(
                Twin,
                wherePseudoKey(manager, Twin, row.first, { property: "first" }),
            ),
        ).to.eql([row])

        await expectRejects(
            findByPseudoKey(manager, Order, "ord_a", { property: "name" }),
            InvalidOptionError,
            "Order.name is no pseudo key",
        )
        const order = await manager.save(Order, { tenantId: 1 })
        for (const [key, property] of [
            [order.publicId, "reference"],
            [order.reference, "publicId"],
        ] as const)
            expect(await findByPseudoKey(manager, Order, key, { property })).to.equal(null)
    })

    it("refuse an entity that has no key", async () => {
        const manager = await connect()
        const entity = "AutoSequenceKey"
        for (const attempt of [
            findByPseudoKey(manager, entity, "a"),
            findByPseudoKey(manager, entity, ""),
            resolvePseudoKey(manager, "a", { entity }),
        ])
            await expectRejects(attempt, InvalidOptionError, entity, "@PseudoKey")
    })

    it("see what their transaction has not committed", async () => {
        const manager = await connect()
        await dataSource.transaction(async (inside) => {
            const customer = await renamedCustomer(inside, "cus_ada", "cus_lovelace")
            for (const key of ["cus_ada", "cus_lovelace"]) {
                expect(await findByPseudoKey(inside, Customer, key)).to.include({ id: customer.id })
                expect((await resolvePseudoKey(inside, key))?.key).to.equal("cus_lovelace")
                expect(
                    await inside.countBy(Customer, wherePseudoKey(inside, Customer, key)),
                ).to.equal(1)
            }
            const { id, publicId } = await inside.getRepository(Ticket).save({})
            expect(await findByPseudoKey(inside, Ticket, publicId)).to.include({ id })
            // Nobody else sees it.
            if (database().can.parallel)
                expect(await findByPseudoKey(manager, Customer, "cus_ada")).to.equal(null)
        })
        expect(await findByPseudoKey(manager, Customer, "cus_ada")).not.to.equal(null)
    })
})

onEveryDatabase("A key that is unique within other properties", (database) => {
    it("is looked for among the rows that have their values", async () => {
        const { manager } = await database().connect(FIND_ENTITIES, { emptied: true })
        const of = (tenantId: number | null) => manager.save(Page, { tenantId, slug: "home" })
        const [one, two] = [await of(1), await of(2)]
        const find = (where: object) => findByPseudoKey(manager, Page, "home", { where })
        expect(await find({ tenantId: 1 })).to.eql(one)
        expect(await find({ tenantId: 2 })).to.eql(two)
        expect(await find({ tenantId: 3 })).to.equal(null)
        expect(await find([{ tenantId: 3 }, { tenantId: 2 }])).to.eql(two)
        for (const where of [undefined, {}, { id: 1 }, { tenantId: undefined }, [{}]]) {
            const texts = ["Page.slug", "tenantId", "where"]
            const options = { where: where as { id: number } }
            const attempts = [
                findByPseudoKey(manager, Page, "home", options),
                resolvePseudoKey(manager, "home", { entity: Page, ...options }),
                Promise.resolve().then(() => wherePseudoKey(manager, Page, "home", options)),
            ]
            for (const attempt of attempts)
                await expectRejects(attempt, InvalidOptionError, ...texts)
        }
        const where = { tenantId: 2 }
        expect(await resolvePseudoKey(manager, "home", { entity: Page, where })).to.eql({
            row: two,
            entity: "Page",
            key: "home",
            isRetired: false,
        })
        const condition = wherePseudoKey(manager, Page, "home", { where })
        expect(await manager.findBy(Page, condition)).to.eql([two])
    })

    it("is looked for where the values are NULL", async () => {
        const { manager } = await database().connect(FIND_ENTITIES, { emptied: true })
        const one = await manager.save(Page, { tenantId: 1, slug: "home" })
        const find = (tenantId: unknown) =>
            findByPseudoKey(manager, Page, "home", { where: { tenantId: tenantId as number } })
        for (const none of [null, IsNull()]) expect(await find(none)).to.equal(null)
        const ofNobody = await manager.save(Page, { tenantId: null, slug: "home" })
        for (const none of [null, IsNull()]) expect(await find(none)).to.eql(ofNobody)
        expect(await find(1)).to.eql(one)
    })

    it("leads to its row by a retired one, whose primary key has two columns", async () => {
        const { manager } = await database().connect(FIND_ENTITIES, { emptied: true })
        const renamed = async (tenantId: number, before: string, after: string) => {
            const note = await manager.save(Note, { tenantId, name: before, slug: before })
            return manager.save(Note, { ...note, slug: after })
        }
        const notes = [
            await renamed(1, "a", "b"),
            await renamed(2, "a", "c"),
            await renamed(2, "b", "d"),
        ]
        const find = async (tenantId: number, key: string) => {
            const where = { tenantId }
            const found = await findByPseudoKey(manager, Note, key, { where })
            const resolved = await resolvePseudoKey(manager, key, { entity: Note, where })
            expect(resolved?.row ?? null).to.eql(found)
            if (found)
                expect(resolved).to.include({ key: found.slug, isRetired: found.slug !== key })
            return found && notes.findIndex((note) => note.slug === found.slug)
        }
        expect(await find(1, "a")).to.equal(0)
        expect(await find(1, "b")).to.equal(0)
        expect(await find(1, "c")).to.equal(null)
        expect(await find(2, "a")).to.equal(1)
        expect(await find(2, "b")).to.equal(2)
        expect(await find(2, "d")).to.equal(2)
        expect(await find(3, "a")).to.equal(null)
        await expectRejects(
            findByPseudoKey(manager, Note, "a", { where: { name: "a" } }),
            InvalidOptionError,
            "tenantId",
        )
    })
})

onEveryDatabase("wherePseudoKey", (database) => {
    it("finds rows by those that they are related to, several in one query", async () => {
        const log = new StatementLog()
        const dataSource = await database().connect(FIND_ENTITIES, { emptied: true, logger: log })
        const { manager } = dataSource
        const customer = await renamedCustomer(manager, "cus_ada", "cus_lovelace")
        const payer = await renamedCustomer(manager, "cus_bob", "cus_builder")
        const page = await manager.save(Page, { tenantId: 1, slug: "home" })
        await manager.save(Page, { tenantId: 2, slug: "home" })
        const order = await manager.save(Order, { tenantId: 1, customer, payer, page })
        await manager.save(Order, { tenantId: 2, customer: payer, payer: customer })
        const of = (key: string) => wherePseudoKey(dataSource, Customer, key)
        const find = async (where: object) => {
            log.statements.length = 0
            const found = await manager.findBy(Order, where)
            expect(log.statements).to.have.length(1)
            return found.map(({ id }) => id)
        }
        for (const one of ["cus_ada", "cus_lovelace"]) {
            expect(await find({ customer: of(one) })).to.eql([order.id])
            for (const other of ["cus_bob", "cus_builder"]) {
                expect(await find({ customer: of(one), payer: of(other) })).to.eql([order.id])
                expect(await find({ customer: of(one), payer: of(one) })).to.eql([])
                expect(
                    await find([
                        { customer: of(one), tenantId: 1 },
                        { customer: of(other), tenantId: 1 },
                    ]),
                ).to.eql([order.id])
            }
        }
        const inTenant = (tenantId: number) =>
            wherePseudoKey(manager, Page, "home", { where: { tenantId } })
        expect(await find({ page: inTenant(1) })).to.eql([order.id])
        expect(await find({ page: inTenant(2) })).to.eql([])
        expect(
            await find({ page: inTenant(1), ...wherePseudoKey(manager, Order, order.publicId) }),
        ).to.eql([order.id])
        for (const key of ["", "cus_", "1", "ä", "a".repeat(10_000)])
            expect(await find({ customer: of(key) }), key).to.eql([])
        // Also where orders have no customer.
        await manager.save(Order, { tenantId: 3 })
        expect(await find({ customer: of("") })).to.eql([])
        expect(await find({ customer: of("cus_nobody") })).to.eql([])
    })

    it("stands beside conditions of a query builder", async () => {
        const { manager } = await database().connect(FIND_ENTITIES, { emptied: true })
        const customer = await renamedCustomer(manager, "cus_ada", "cus_lovelace")
        const count = (name: string) =>
            manager
                .createQueryBuilder(Customer, "h")
                .where(wherePseudoKey(manager, Customer, "cus_ada"))
                .andWhere("h.name = :json", { json: name })
                .getCount()
        expect(await count(customer.name)).to.equal(1)
        expect(await count("another")).to.equal(0)
    })

    it("finds rows whose primary key is of several columns", async () => {
        const { manager } = await database().connect(FIND_ENTITIES, { emptied: true })
        const notes = await manager.save(Note, [
            { tenantId: 1, name: "a", slug: "x" },
            { tenantId: 1, name: "b", slug: "y" },
        ])
        await manager.save(Note, { ...notes[0], slug: "z" })
        const find = (...keys: string[]) =>
            manager.find(Note, {
                where: keys.map((key) =>
                    wherePseudoKey(manager, Note, key, { where: { tenantId: 1 } }),
                ),
                order: { name: "ASC" },
            })
        const names = async (...keys: string[]) => (await find(...keys)).map(({ name }) => name)
        expect(await names("x")).to.eql(["a"])
        expect(await names("x", "y")).to.eql(["a", "b"])
        expect(await names("ä", "z")).to.eql(["a"])
        expect(await names("ä", "")).to.eql([])
    })
})

onEveryDatabase("Keys of", (database) => {
    it("a single-table inheritance lead to rows of the class that is asked for", async () => {
        const dataSource = await database().connect(FIND_ENTITIES, { emptied: true })
        const { manager } = dataSource
        const letter = await manager.save(Letter, { recipient: "Ada", publicId: "pap_before" })
        await manager.save(Letter, { id: letter.id, publicId: "pap_letter" })
        const bill = await manager.save(Bill, { publicId: "pap_bill" })
        for (const key of ["pap_before", "pap_letter"]) {
            const found = await findByPseudoKey(manager, Paper, key)
            expect(found)
                .to.be.instanceOf(Letter)
                .and.to.include({ id: letter.id, recipient: "Ada" })
            expect(await findByPseudoKey(manager, Letter, key)).to.eql(found)
            expect(await findByPseudoKey(manager, Bill, key)).to.equal(null)
            expect((await resolvePseudoKey(manager, key))?.row).to.eql(found)
        }
        expect(bill.number).to.match(/^bill_/)
        for (const entity of [Bill, Paper])
            expect(await findByPseudoKey(manager, entity, bill.number)).to.include({ id: bill.id })
        const resolved = await resolvePseudoKey(dataSource, bill.number)
        expect(resolved?.row).to.be.instanceOf(Bill)
        expect(resolved).to.include({ entity: "Paper", key: bill.number, isRetired: false })
        expect(await findByPseudoKey(manager, Letter, "pap_bill")).to.equal(null)
    })

    it("embedded entities lead to the rows that these are in", async () => {
        const { manager } = await database().connect(FIND_ENTITIES, { emptied: true })
        const box = await manager.save(Box, { label: { code: "lab_a", color: "red" } })
        box.label.code = "lab_b"
        await manager.save(Box, box)
        for (const key of ["lab_a", "lab_b"]) {
            for (const where of [{}, { label: { color: "red" } }, { label: { code: "lab_b" } }])
                expect(await findByPseudoKey(manager, Box, key, { where })).to.eql(box)
            const where = { label: { color: "blue" } }
            expect(await findByPseudoKey(manager, Box, key, { where })).to.equal(null)
            expect(await resolvePseudoKey(manager, key)).to.eql({
                row: box,
                entity: "Box",
                key: "lab_b",
                isRetired: key === "lab_a",
            })
            const options = { property: "label.code" as const, retired: false }
            expect((await findByPseudoKey(manager, Box, key, options))?.id).to.equal(
                key === "lab_b" ? box.id : undefined,
            )
        }
    })

    it("entities with primary keys of all types lead to their rows when they are retired", async () => {
        const entities = [OfBigint, OfSmallint, OfUuid, OfText]
        const { manager } = await database().connect(entities)
        const uuid = "3f2504e0-4f89-41d3-9a0c-0305e82c330"
        const { kind } = database()
        const ids = new Map<EntityTarget<ObjectLiteral>, unknown[]>([
            [OfBigint, ["1", "2"]],
            [OfSmallint, [-7, 7, 70]],
            [OfUuid, [`${uuid}1`, `${uuid}2`]],
            [OfText, ["a", "ä b", "1", "01", "1.0", `"\\'[]{}?:x%`, "😀", "null"]],
        ])
        // The others round them to floating point numbers, or take those of different case for equal.
        if (kind === "postgres" || kind === "mariadb")
            ids.set(OfBigint, ["9007199254740993", "9007199254740992"])
        if (kind !== "mariadb") ids.get(OfText)?.push("A", "a ", "ä")
        for (const [entity, all] of ids)
            for (const [at, id] of all.entries()) {
                await manager.save(entity, { id, key: `before-${at}` })
                const row = await manager.findOneByOrFail(entity, { key: `before-${at}` })
                await manager.save(entity, { ...row, key: `after-${at}` })
            }
        for (const [entity, all] of ids)
            for (const [at, id] of all.entries())
                for (const key of [`before-${at}`, `after-${at}`]) {
                    const found = await findByPseudoKey(manager, entity, key)
                    const { id: foundId, key: current } = found ?? {}
                    expect([String(foundId), current], `${String(id)} ${key}`).to.eql([
                        String(id),
                        `after-${at}`,
                    ])
                }
    })
})

onEveryDatabase("resolvePseudoKey", (database) => {
    it("finds the row of whichever entity the prefix names", async () => {
        const dataSource = await database().connect(FIND_ENTITIES, { emptied: true })
        const { manager } = dataSource
        const customer = await renamedCustomer(manager, "cus_ada", "cus_lovelace")
        const order = await manager.save(Order, { tenantId: 1 })
        const ticket = await manager.getRepository(Ticket).save({})
        const resolve = async (key: string) => {
            const found = await resolvePseudoKey(dataSource, key)
            return found && { ...found, row: found.row.id as number }
        }
        const { id: row } = customer
        const now = { row, entity: "Customer", key: "cus_lovelace" }
        expect(await resolve("cus_lovelace")).to.eql({ ...now, isRetired: false })
        expect(await resolve("cus_ada")).to.eql({ ...now, isRetired: true })
        for (const [entity, { id, publicId: key }] of [
            ["Order", order],
            ["Ticket", ticket],
        ] as const)
            expect(await resolve(key)).to.eql({ row: id, entity, key, isRetired: false })
        // Its entity has to be named.
        expect(await resolve(order.reference)).to.equal(null)
        const found = await resolvePseudoKey(manager, order.reference, { entity: Order })
        expect(found).to.include({ entity: "Order", key: order.reference })
        // A key of one entity is none of another.
        expect(await resolvePseudoKey(manager, "cus_ada", { entity: Ticket })).to.equal(null)
    })

    it("looks for rows that meet further conditions", async () => {
        const { manager } = await database().connect(FIND_ENTITIES, { emptied: true })
        const { publicId } = await manager.save(Ticket, { tenantId: 7 })
        const resolve = (tenantId: number) =>
            resolvePseudoKey(manager, publicId, { where: { tenantId } })
        expect(await resolve(7)).to.include({ key: publicId })
        expect(await resolve(8)).to.equal(null)
    })
})
