// DATABASE_URL=postgres://… npx ts-node bench/strategies.ts [--json]
//
// What numbers cost: the same invoices saved without a number, by each strategy, and by a counter
// that is written by hand, timed in turn. Ends by checking the numbers of every scope.
import "reflect-metadata"
import {
    Column,
    DataSource,
    Entity,
    Index,
    type ObjectLiteral,
    PrimaryColumn,
    PrimaryGeneratedColumn,
} from "typeorm"
// An application imports it from "typeorm-autosequence".
import { AutoSequenceColumn } from "../src"
import { compare, type Comparison, inParallel, print, type Way, withDatabase } from "./support"

const WRITERS = 16
const SAVES = 1600

abstract class Invoice {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    customerId!: number

    @Column()
    orderId!: string

    @Column({ type: "date" })
    date!: string

    @Column({ type: "numeric", precision: 12, scale: 2 })
    amount!: string
}

@Entity()
class NotNumbered extends Invoice {}

/** Numbered by this script, which is the only one to write: what the column and its index cost. */
@Entity()
@Index(["customerId", "number"], { unique: true })
class NumberedBefore extends Invoice {
    @Column()
    number!: number
}

@Entity()
@Index(["customerId", "number"], { unique: true })
class NumberedByHand extends Invoice {
    @Column()
    number!: number
}

@Entity()
class CounterByHand {
    @PrimaryColumn()
    customerId!: number

    @Column()
    last!: number
}

@Entity()
class TableLock extends Invoice {
    @AutoSequenceColumn({ uniqueWith: "customerId" })
    number!: number
}

@Entity()
class Counter extends Invoice {
    @AutoSequenceColumn({ uniqueWith: "customerId", strategy: "counter" })
    number!: number
}

@Entity()
class CounterWithCache extends Invoice {
    @AutoSequenceColumn({
        uniqueWith: "customerId",
        strategy: "counter",
        gapless: false,
        cache: 50,
    })
    number!: number
}

@Entity()
class Trigger extends Invoice {
    @AutoSequenceColumn({ uniqueWith: "customerId", strategy: "trigger" })
    number!: number
}

const NUMBERED = [NumberedByHand, TableLock, Counter, CounterWithCache, Trigger]
const ENTITIES = [NotNumbered, NumberedBefore, CounterByHand, ...NUMBERED]

/** Saves invoices of these customers in one call. */
type Save = (dataSource: DataSource, customerIds: readonly number[]) => Promise<unknown>

const saveAs =
    (entity: new () => Invoice): Save =>
    (dataSource, customerIds) =>
        dataSource.getRepository<ObjectLiteral>(entity).save(customerIds.map(invoice))

function invoice(customerId: number, at: number) {
    return { customerId, orderId: `order ${at}`, date: "2026-11-21", amount: "12.50" }
}

const lastBefore = new Map<number, number>()
const saveNumberedBefore: Save = (dataSource, customerIds) =>
    dataSource.getRepository(NumberedBefore).save(
        customerIds.map((customerId, at) => {
            const number = (lastBefore.get(customerId) ?? 0) + 1
            lastBefore.set(customerId, number)
            return { ...invoice(customerId, at), number }
        }),
    )

const saveByHand: Save = (dataSource, [customerId = 0]) =>
    dataSource.transaction(async (manager) => {
        const counter = await manager.findOneOrFail(CounterByHand, {
            where: { customerId },
            lock: { mode: "pessimistic_write" },
        })
        const number = counter.last + 1
        await manager.update(CounterByHand, { customerId }, { last: number })
        await manager.save(NumberedByHand, { ...invoice(customerId, 0), number })
    })

const NOT_NUMBERED = { name: "no number", save: saveAs(NotNumbered) }
const BEFORE = { name: "numbered before the call", save: saveNumberedBefore }
const STRATEGIES = [
    { name: "table-lock", save: saveAs(TableLock) },
    { name: "counter", save: saveAs(Counter) },
    { name: "counter, cache 50", save: saveAs(CounterWithCache) },
    { name: "trigger", save: saveAs(Trigger) },
]
const BY_HAND = { name: "counter written by hand", save: saveByHand }

main().catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
})

async function main(): Promise<void> {
    await withDatabase(ENTITIES, WRITERS, async (dataSource) => {
        await dataSource
            .getRepository(CounterByHand)
            .save(Array.from({ length: 1000 }, (_, at) => ({ customerId: at + 1, last: 0 })))
        const plain = new DataSource({
            ...dataSource.options,
            entities: [NotNumbered],
            subscribers: [],
        })
        await plain.initialize()
        const without = {
            name: "no number, without this library",
            save: (_: DataSource, ids: readonly number[]) => NOT_NUMBERED.save(plain, ids),
        }
        const ways = (
            savers: readonly { name: string; save: Save }[],
            work: (save: (customerIds: readonly number[]) => Promise<unknown>) => Promise<unknown>,
        ): Way[] =>
            savers.map(({ name, save }) => ({
                name,
                run: async () => {
                    await work((ids) => save(dataSource, ids))
                },
            }))
        const all = [NOT_NUMBERED, without, BEFORE, ...STRATEGIES, BY_HAND]

        const comparisons: Comparison[] = [
            await compare(
                "save() of one row, 1 writer",
                7,
                ways(all, (save) => inParallel(1, 300, () => save([1]))),
            ),
        ]
        for (const scopes of [1, 1000])
            comparisons.push(
                await compare(
                    `save() of one row, ${WRITERS} writers, ${scopes} scope${scopes === 1 ? "" : "s"}`,
                    7,
                    ways(all, (save) =>
                        inParallel(WRITERS, SAVES, (turn) => save([1 + (turn % scopes)])),
                    ),
                ),
            )
        comparisons.push(
            await compare(
                "save() of 10 000 rows in one call, 50 scopes",
                7,
                ways([NOT_NUMBERED, without, BEFORE, ...STRATEGIES], (save) =>
                    save(Array.from({ length: 10_000 }, (_, at) => 1 + (at % 50))),
                ),
            ),
        )
        await plain.destroy()
        for (const entity of NUMBERED) await assertNumbers(dataSource, entity)
        await print(dataSource, comparisons, "Every scope was numbered 1 to N.")
    })
}

/** Throws unless every scope is numbered 1 to N, or has no number twice where it may have gaps. */
async function assertNumbers(dataSource: DataSource, entity: new () => Invoice): Promise<void> {
    const scopes = await dataSource
        .createQueryBuilder<ObjectLiteral>(entity, "row")
        .select("count(*)::int", "count")
        .addSelect("count(DISTINCT row.number)::int", "different")
        .addSelect("max(row.number)", "max")
        .groupBy("row.customerId")
        .getRawMany<{ count: number; different: number; max: number }>()
    if (scopes.length !== 1000) throw new Error(`${entity.name} has ${scopes.length} scopes.`)
    for (const { count, different, max } of scopes)
        if (different !== count || (entity !== CounterWithCache && max !== count))
            throw new Error(
                `${entity.name}: ${count} rows of a scope have ${different} numbers up to ${max}.`,
            )
}
