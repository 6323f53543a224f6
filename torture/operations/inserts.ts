import {
    aCompany,
    bookDocument,
    bookDraft,
    bookLine,
    newDocument,
    newDraft,
    type Operation,
    someRow,
    tableOf,
} from "./operation"
import type { StrategyName } from "../strategies"

const isTriggered = (strategy: StrategyName) => strategy.startsWith("trigger")

/** What makes rows with numbers. */
export const inserts: readonly Operation[] = [
    {
        name: "save",
        weight: 6,
        isWhole: () => true,
        async run(context, entities) {
            const row = newDocument(context, entities)
            bookDocument(context, entities, row)
            await context.manager.save(row)
        },
    },
    {
        name: "save an array",
        weight: 3,
        isWhole: () => true,
        async run(context, entities) {
            const rows = Array.from({ length: context.random.between(2, 8) }, () =>
                newDocument(context, entities),
            )
            for (const row of rows) bookDocument(context, entities, row)
            await context.manager.save(rows)
        },
    },
    {
        name: "parallel saves",
        weight: 2,
        async run(context, entities) {
            const rows = [newDocument(context, entities), newDocument(context, entities)]
            for (const row of rows) bookDocument(context, entities, row)
            const saves = await Promise.allSettled(rows.map((row) => context.manager.save(row)))
            for (const save of saves) if (save.status === "rejected") throw save.reason
        },
    },
    {
        name: "cascade",
        weight: 3,
        isWhole: () => true,
        async run(context, entities) {
            const row = newDocument(context, entities)
            row.lines = Array.from({ length: context.random.between(1, 4) }, () =>
                Object.assign(new entities.line(), { tag: context.book.tag() }),
            )
            bookDocument(context, entities, row)
            await context.manager.save(row)
            for (const line of row.lines) {
                line.document = row
                bookLine(context, entities, line)
            }
        },
    },
    {
        name: "child of a stored row",
        weight: 2,
        async run(context, entities) {
            const document = await someRow(context, entities.document)
            if (!document) return
            const line = Object.assign(new entities.line(), { tag: context.book.tag(), document })
            bookLine(context, entities, line)
            await context.manager.save(line)
        },
    },
    {
        name: "insert",
        weight: 3,
        isWhole: isTriggered,
        async run(context, entities) {
            const rows = Array.from({ length: context.random.between(1, 4) }, () =>
                newDocument(context, entities),
            )
            for (const row of rows) bookDocument(context, entities, row)
            await context.manager.insert(entities.document, rows)
        },
    },
    {
        name: "upsert of a new row",
        weight: 2,
        isWhole: isTriggered,
        async run(context, entities) {
            const row = newDocument(context, entities)
            bookDocument(context, entities, row)
            await context.manager.upsert(entities.document, row, ["tag"])
        },
    },
    {
        name: "upsert of a stored row",
        weight: 1,
        async run(context, entities) {
            const stored = await someRow(context, entities.document)
            if (!stored) return
            const { tag, company } = stored
            await context.manager.upsert(entities.document, { tag, company, note: "upserted" }, [
                "tag",
            ])
        },
    },
    {
        name: "raw SQL",
        weight: 2,
        by: isTriggered,
        async run(context, entities, strategy) {
            const { manager, book, dataSource } = context
            const table = tableOf(dataSource, entities.document)
            const row = { tag: book.tag(), company: aCompany(context) }
            const isPostgres = dataSource.options.type === "postgres"
            const rows = await manager.query<{ number: number | null }[]>(
                `INSERT INTO ${table} (tag, company) VALUES (${isPostgres ? "$1, $2" : "?, ?"}) RETURNING number`,
                [row.tag, row.company],
            )
            // At COMMIT, the database tells nobody.
            const number = strategy === "trigger" ? rows[0]?.number : null
            book.row(table, { ...row, number }, () => String(row.company), false)
        },
    },
    {
        name: "insert of drafts",
        weight: 3,
        async run(context, entities) {
            const rows = [
                newDraft(context, entities, "draft"),
                newDraft(context, entities, "final"),
            ]
            for (const row of rows) bookDraft(context, entities, row)
            await context.manager.save(rows)
        },
    },
]
