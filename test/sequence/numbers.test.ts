import { expect } from "chai"
import * as fc from "fast-check"
import { Sequence } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { upTo } from "../support/invoices"

onEveryDatabase("The numbers of a Sequence", (database) => {
    it("start at 1, in a transaction and outside of one, and go on", async () => {
        const dataSource = await database().connect([])
        const sequence = new Sequence("invoice_numbers")
        expect(await sequence.last(dataSource)).to.equal(null)
        const inside = await dataSource.transaction(async (manager) => [
            await sequence.next(manager),
            await sequence.nextMany(manager, 10),
            await sequence.last(manager),
        ])
        expect(inside).to.eql([1, upTo(11).slice(1), 11])
        expect(await sequence.next(dataSource)).to.equal(12)
        expect(await sequence.next(dataSource.manager)).to.equal(13)
        expect(await sequence.last(dataSource)).to.equal(13)
        expect(await sequence.nextMany(dataSource, 1)).to.eql([14])
    })

    it("are given back by a rollback, the sequence itself included", async () => {
        const dataSource = await database().connect([])
        const sequence = new Sequence("invoice_numbers")
        const attempt = dataSource.transaction(async (manager) => {
            expect(await sequence.nextMany(manager, 3)).to.eql([1, 2, 3])
            throw new Error("Never mind.")
        })
        await expect(attempt).to.be.rejectedWith("Never mind.")
        expect(await sequence.last(dataSource)).to.equal(null)
        expect(await sequence.next(dataSource)).to.equal(1)
    })

    it("are given back by the rollback of a savepoint", async () => {
        const dataSource = await database().connect([])
        const sequence = new Sequence("invoice_numbers")
        const numbers = await dataSource.transaction(async (manager) => {
            const first = await sequence.next(manager)
            const lost = manager.transaction(async (inner) => {
                expect(await sequence.next(inner)).to.equal(2)
                throw new Error("Never mind.")
            })
            await expect(lost).to.be.rejectedWith("Never mind.")
            return [first, await sequence.next(manager)]
        })
        expect(numbers).to.eql([1, 2])
        expect(await sequence.last(dataSource)).to.equal(2)
    })

    it("start and step as asked for, whatever they did before", async () => {
        const dataSource = await database().connect([])
        const tens = new Sequence("numbers", { startAt: 100, incrementBy: 10 })
        expect(await tens.nextMany(dataSource, 3)).to.eql([100, 110, 120])
        expect(await new Sequence("numbers").next(dataSource)).to.equal(121)
        expect(await tens.next(dataSource)).to.equal(131)
        const raised = new Sequence("numbers", { startAt: 1000, incrementBy: 7 })
        expect(await raised.nextMany(dataSource, 2)).to.eql([1000, 1007])
        expect(await tens.last(dataSource)).to.equal(1007)
    })

    it("start over on reaching resetAt, by calls of any size", async () => {
        const dataSource = await database().connect([])
        const loop = new Sequence("loop", { resetAt: 4 })
        const one = await dataSource.transaction(async (manager) => {
            const numbers: number[] = []
            while (numbers.length < 5) numbers.push(await loop.next(manager))
            return numbers
        })
        expect(one).to.eql([1, 2, 3, 1, 2])
        expect(await loop.nextMany(dataSource, 8)).to.eql([3, 1, 2, 3, 1, 2, 3, 1])
        expect(await loop.last(dataSource)).to.equal(1)

        const steps = new Sequence("steps", { incrementBy: 5, resetAt: 12 })
        expect(await steps.nextMany(dataSource, 7)).to.eql([1, 6, 11, 1, 6, 11, 1])
        expect(await steps.next(dataSource)).to.equal(6)
    })

    it("start over where the last one is past a new resetAt", async () => {
        const dataSource = await database().connect([])
        await new Sequence("loop").nextMany(dataSource, 50)
        const loop = new Sequence("loop", { startAt: 10, resetAt: 40 })
        expect(await loop.nextMany(dataSource, 2)).to.eql([10, 11])
        const atEnd = new Sequence("loop", { startAt: 10, resetAt: 11 })
        expect(await atEnd.nextMany(dataSource, 2)).to.eql([10, 10])
    })

    it("are those of a simple model, whatever was asked for before", async () => {
        const dataSource = await database().connect([])
        const small = fc.integer({ min: 1, max: 12 })
        const huge = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n })
        const number = fc.oneof(small.map(BigInt), huge)
        const options = fc
            .record({ startAt: number, incrementBy: number, width: fc.option(number) })
            .map(({ startAt, incrementBy, width }) =>
                width === null
                    ? { startAt, incrementBy }
                    : { startAt, incrementBy, resetAt: startAt + width },
            )
            .filter(({ resetAt = 0n, incrementBy }: Counting) => resetAt + incrementBy < 2n ** 63n)
        let runs = 0
        await fc.assert(
            fc.asyncProperty(
                fc.array(fc.record({ options, count: fc.integer({ min: 1, max: 30 }) }), {
                    minLength: 1,
                    maxLength: 6,
                }),
                async (calls) => {
                    const name = `model ${++runs}`
                    let last: bigint | undefined
                    for (const call of calls) {
                        const sequence = new Sequence(name, { ...call.options, type: "bigint" })
                        const expected = afterLast(call.options, last, call.count)
                        const attempt = sequence.nextMany(dataSource, call.count)
                        if (expected) expect(await attempt).to.eql(expected)
                        else await expect(attempt).to.be.rejectedWith("would pass")
                        last = expected?.at(-1) ?? last
                        expect(await sequence.last(dataSource)).to.equal(last ?? null)
                    }
                },
            ),
            { numRuns: 60 },
        )
    })

    it("come by the million", async () => {
        const dataSource = await database().connect([])
        const numbers = await new Sequence("many").nextMany(dataSource, 1_000_000)
        expect(numbers).to.have.lengthOf(1_000_000)
        expect(numbers.every((number, at) => number === at + 1)).to.be.true
    })

    it("start anew when the sequence is deleted", async () => {
        const dataSource = await database().connect([])
        const sequence = new Sequence("deleted")
        const other = new Sequence("deleted", { scope: ["other"] })
        expect(await sequence.delete(dataSource)).to.be.false
        await sequence.nextMany(dataSource, 3)
        await other.nextMany(dataSource, 2)
        expect(await sequence.delete(dataSource)).to.be.true
        expect(await sequence.last(dataSource)).to.equal(null)
        expect(await sequence.delete(dataSource)).to.be.false
        expect(await sequence.next(dataSource)).to.equal(1)
        expect(await other.next(dataSource)).to.equal(3)
        const attempt = dataSource.transaction(async (manager) => {
            expect(await other.delete(manager)).to.be.true
            expect(await other.next(manager)).to.equal(1)
            throw new Error("Never mind.")
        })
        await expect(attempt).to.be.rejectedWith("Never mind.")
        expect(await other.next(dataSource)).to.equal(4)
    })

    it("come one after the other when the sequence is iterated over", async () => {
        const dataSource = await database().connect([])
        const sequence = new Sequence("iterated", { dataSource })
        const numbers: number[] = []
        for await (const number of sequence) {
            numbers.push(number)
            if (numbers.length === 3) break
        }
        expect(numbers).to.eql([1, 2, 3])
        await dataSource.transaction(async (manager) => {
            const iterator = sequence.numbers(manager)
            expect((await iterator.next()).value).to.equal(4)
            expect((await iterator.next()).value).to.equal(5)
        })
        expect(await sequence.last()).to.equal(5)
    })

    it("need no target where the sequence has a data source", async () => {
        const dataSource = await database().connect([])
        const sequence = new Sequence("own", { dataSource })
        expect(await sequence.next()).to.equal(1)
        expect(await sequence.next({ nowait: true })).to.equal(2)
        expect(await sequence.nextMany(2)).to.eql([3, 4])
        expect(await sequence.nextMany(2, { nowait: true })).to.eql([5, 6])
        expect(await sequence.last()).to.equal(6)
        expect(await sequence.delete()).to.be.true
    })
})

interface Counting {
    startAt: bigint
    incrementBy: bigint
    resetAt?: bigint
}

/** The slow and obvious way; undefined where a counter can't get there. */
function afterLast(
    { startAt, incrementBy, resetAt }: Counting,
    last: bigint | undefined,
    count: number,
): bigint[] | undefined {
    const numbers: bigint[] = []
    while (numbers.length < count) {
        const next = last === undefined ? startAt : last + incrementBy
        // A sequence that is below its start goes on there.
        last = last !== undefined && last < startAt - incrementBy ? startAt : next
        if (resetAt !== undefined && last >= resetAt) last = startAt
        numbers.push(last)
    }
    const isTooMuch = resetAt === undefined && BigInt(count) * incrementBy >= 2n ** 63n
    return isTooMuch || last! >= 2n ** 63n ? undefined : numbers
}
