import { expect } from "chai"
import type { DataSource } from "typeorm"
import { AutoSequenceError } from "../../../src"
import { rejection, triggerError } from "../../support/errors"
import { upTo } from "../../support/invoices"
import { family, Line, Node, Note, Order, Part, Receipt, Tag } from "./family-entities"
import { lastOfSeries, onTriggerDatabases } from "./statement-entities"

const numbersOf = (rows: readonly { number: number }[] | undefined) =>
    rows?.map(({ number }) => number)

onTriggerDatabases("Rows that cascades insert", (database) => {
    let dataSource: DataSource
    beforeEach(async () => (dataSource = await database().connect(family, { emptied: true })))

    const lines = (count: number) => upTo(count).map(() => new Line())
    const order = (count: number) => Object.assign(new Order(), { lines: lines(count) })

    /** The numbers of an order's lines in the table, and the entities' own. */
    async function expectLines({ id, lines: shown }: Order, numbers: readonly number[]) {
        const stored = await dataSource.manager.find(Line, { where: { order: { id } } })
        expect(numbersOf(shown)).to.eql(numbers)
        for (const { id: line, number } of shown)
            expect(stored.find((one) => one.id === line)?.number).to.equal(number)
        expect(stored).to.have.length(numbers.length)
    }

    it("are numbered with a new parent, each family on its own", async () => {
        const orders = [order(3), order(0), order(2)]
        await dataSource.manager.save(orders)
        expect(numbersOf(orders)).to.eql([1, 2, 3])
        for (const [at, count] of [3, 0, 2].entries())
            await expectLines(orders[at] as Order, upTo(count))
        expect(await lastOfSeries(dataSource, "line.number")).to.have.members([3, 2])
    })

    it("are numbered with new grandparents", async () => {
        const whole = order(2)
        for (const line of whole.lines)
            line.parts = [1, 2, 1].map((side) => Object.assign(new Part(), { side }))
        await dataSource.manager.save(whole)
        await expectLines(whole, [1, 2])
        expect(whole.lines.map(({ parts }) => numbersOf(parts))).to.eql([
            [1, 1, 2],
            [1, 1, 2],
        ])
        const stored = await dataSource.manager.find(Part, { order: { id: "ASC" } })
        expect(numbersOf(stored)).to.eql([1, 1, 2, 1, 1, 2])
    })

    it("are numbered where a child brings its new parent", async () => {
        const parent = new Order()
        const children = lines(3).map((line) => Object.assign(line, { order: parent }))
        await dataSource.manager.save(children)
        expect(parent.number).to.equal(1)
        expect(numbersOf(children)).to.eql([1, 2, 3])
        const later = await dataSource.manager.save(Object.assign(new Line(), { order: parent }))
        expect(later.number).to.equal(4)
    })

    it("are numbered where children are pushed to the array of a saved parent", async () => {
        const { manager } = dataSource
        const saved = await manager.save(order(2))
        saved.lines.push(...lines(2))
        await manager.save(saved)
        await expectLines(saved, upTo(4))
        const loaded = await manager.findOneOrFail(Order, {
            where: { id: saved.id },
            relations: { lines: true },
            order: { lines: { number: "ASC" } },
        })
        loaded.lines.push(new Line())
        await manager.save(loaded)
        await expectLines(loaded, upTo(5))
        expect(await lastOfSeries(dataSource, "line.number")).to.eql([5])
    })

    it("are numbered where a saved parent and a new one get children at once", async () => {
        const { manager } = dataSource
        const saved = await manager.save(order(1))
        saved.lines.push(new Line())
        const fresh = order(2)
        await manager.save([saved, fresh])
        await expectLines(saved, [1, 2])
        await expectLines(fresh, [1, 2])
    })

    it("of a one-to-one relation are numbered", async () => {
        const { manager } = dataSource
        const whole = Object.assign(new Order(), { receipt: new Receipt() })
        await manager.save(whole)
        const other = await manager.save(new Order())
        other.receipt = new Receipt()
        await manager.save(other)
        expect([whole.receipt.number, other.receipt.number]).to.eql([1, 2])
        const stored = await manager.find(Receipt, {
            relations: { order: true },
            order: { id: "ASC" },
        })
        expect(stored.map((row) => [row.order.id, row.number])).to.eql([
            [whole.id, 1],
            [other.id, 2],
        ])
    })

    it("of a many-to-many relation are numbered, and their junction is none of our business", async () => {
        const { manager } = dataSource
        const [first, second] = [new Tag(), new Tag()]
        const whole = Object.assign(new Order(), { tags: [first, second] })
        await manager.save(whole)
        await manager.save(Object.assign(new Order(), { tags: [second, new Tag()] }))
        const orders = await manager.find(Order, {
            relations: { tags: true },
            order: { number: "ASC", tags: { number: "ASC" } },
        })
        expect(orders.map(({ tags }) => numbersOf(tags))).to.eql([
            [1, 2],
            [2, 3],
        ])
        expect(await lastOfSeries(dataSource, "tag.number")).to.eql([3])
    })

    const node = (...children: Node[]) => Object.assign(new Node(), { children })
    const under = (parent?: Node) => Object.assign(new Node(), { parent })

    it("of a tree are numbered among their siblings, one generation at a time", async () => {
        const { manager } = dataSource
        const [root, other] = [node(), node()]
        await manager.save([root, other])
        root.children.push(node(), node())
        await manager.save(root)
        const leaves = [1, 0, 1].map((at) => under(root.children[at]))
        await manager.save(leaves)
        const last = await manager.save(under(root.children[0]))
        expect(numbersOf([root, other])).to.eql([1, 2])
        expect(numbersOf(root.children)).to.eql([1, 2])
        expect(numbersOf(leaves)).to.eql([1, 1, 2])
        expect(last.number).to.equal(2)
        expect(await lastOfSeries(dataSource, "node.number")).to.have.members([2, 2, 2, 2])
    })

    it("of a tree are refused several generations at a time, as the parents come after them", async () => {
        const { manager } = dataSource
        await manager.save(node())
        // TypeORM inserts such rows without a parent, and gives them one by an UPDATE.
        const error = await rejection(manager.save(node(node(), node(node()))))
        expect(error).to.be.instanceOf(triggerError(database().kind, AutoSequenceError))
        expect(await manager.count(Node)).to.equal(1)
        expect(await lastOfSeries(dataSource, "node.number")).to.eql([1])
    })

    it("without a parent are a scope of their own", async () => {
        const { manager } = dataSource
        const saved = await manager.save(new Order())
        const notes = [new Note(), Object.assign(new Note(), { order: null }), new Note()]
        await manager.save(notes)
        const last = Object.assign(new Note(), { order: null })
        await manager.insert(Note, last)
        const ofOrder = [saved, saved].map((order) => Object.assign(new Note(), { order }))
        await manager.save(ofOrder)
        const ofNew = Object.assign(new Note(), { order: new Order() })
        await manager.save(ofNew)
        expect(numbersOf([...notes, last])).to.eql([1, 2, 3, 4])
        expect(numbersOf([...ofOrder, ofNew])).to.eql([1, 2, 1])
        expect(await lastOfSeries(dataSource, "note.number")).to.have.members([4, 2, 1])
    })

    it("that fail take the numbers of the whole family back", async () => {
        const { manager } = dataSource
        const saved = await manager.save(order(1))
        const broken = order(2)
        const line = broken.lines[1] as Line
        line.parts = [Object.assign(new Part(), { side: "no number" })]
        saved.lines.push(new Line())
        await rejection(manager.save([saved, broken]))
        expect(await manager.count(Line)).to.equal(1)
        expect(numbersOf([broken, ...broken.lines])).to.eql([undefined, undefined, undefined])
        line.parts = [new Part()]
        await manager.save([saved, broken])
        expect(broken.number).to.equal(2)
        await expectLines(saved, [1, 2])
        await expectLines(broken, [1, 2])
        expect(numbersOf(line.parts)).to.eql([1])
    })
})
