import { Sequence, slugify } from "../../src"
import { Article, Lease, Receipt } from "../entities/others"
import type { TortureName } from "../strategies"
import { aCompany, type Context, type Operation, someRow, tableOf } from "./operation"

/** What is not done with documents, by the name under which it is chosen. */
export const others: Readonly<Partial<Record<TortureName, readonly Operation[]>>> = {
    lease: [
        {
            name: "lease",
            weight: 1,
            async run(context) {
                const company = aCompany(context)
                const row = Object.assign(new Lease(), { tag: context.book.tag(), company })
                context.book.row("lease", row, () => String(company))
                await context.manager.save(row)
            },
        },
    ],
    sequence: [
        { name: "Sequence.next", weight: 2, run: (context) => receive(context, 1) },
        {
            name: "Sequence.nextMany",
            weight: 1,
            run: (context) => receive(context, context.random.between(2, 6)),
        },
    ],
    keys: [
        {
            name: "key",
            weight: 2,
            async run(context) {
                const row = Object.assign(new Article(), {
                    tag: context.book.tag(),
                    title: aTitle(context),
                })
                context.book.row(tableOf(context.dataSource, Article), row, () => undefined)
                context.book.key(row.tag, () => row.slug)
                await context.manager.save(row)
            },
        },
        {
            name: "another key",
            weight: 2,
            async run(context) {
                const row = await someRow(context, Article)
                if (!row) return
                row.slug = slugify(`${aTitle(context)} ${context.random.between(1, 500)}`)
                await context.manager.save(row)
                context.book.key(row.tag, () => row.slug)
            },
        },
    ],
}

export const LOOSE = "loose"

/** Outside of a transaction: a number that is not used is a gap, and none is given twice. */
export async function takeLoose({ dataSource, book, random }: Context): Promise<void> {
    const sequence = new Sequence(LOOSE)
    book.take(
        random.chance(0.5)
            ? [await sequence.next(dataSource)]
            : await sequence.nextMany(dataSource, random.between(2, 5)),
    )
}

async function receive(context: Context, count: number): Promise<void> {
    const { manager, book } = context
    const company = aCompany(context)
    const numbers = await new Sequence("receipts", { scope: { company } }).nextMany(manager, count)
    const rows = numbers.map((number) =>
        Object.assign(new Receipt(), { tag: book.tag(), company, number }),
    )
    // Its numbers are set by us, so they stay on it after a rollback.
    for (const row of rows) book.row("receipt", row, () => String(company), false)
    await manager.insert(Receipt, rows)
}

function aTitle({ random }: Context): string {
    return random.pick(["Untitled", "Green Tea", "Black Tea", "Ünïcode & Co"])
}
