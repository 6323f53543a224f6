import { bookDocument, newDocument, type Operation, someRow } from "./operation"

/** What goes wrong on purpose, in a transaction that goes on. */
export const failing: readonly Operation[] = [
    {
        name: "nested transaction",
        weight: 2,
        async run(context, entities) {
            await context.manager.transaction(async (manager) => {
                const row = newDocument(context, entities)
                bookDocument(context, entities, row)
                await manager.save(row)
            })
        },
    },
    {
        name: "nested transaction, rolled back",
        weight: 3,
        async run(context, entities) {
            const mark = context.book.mark()
            const rollback = new Error("rolled back on purpose")
            try {
                await context.manager.transaction(async (manager) => {
                    const rows = [newDocument(context, entities), newDocument(context, entities)]
                    for (const row of rows) bookDocument(context, entities, row)
                    await manager.save(rows)
                    throw rollback
                })
            } catch (error) {
                if (error !== rollback) throw error
            }
            context.book.undoSince(mark)
        },
    },
    {
        name: "savepoint as raw SQL, rolled back",
        weight: 1,
        // What was shown on an entity is not taken off it there, as TypeORM isn't told.
        async run(context, entities) {
            const { manager, book } = context
            await manager.query("SAVEPOINT torture")
            const row = newDocument(context, entities)
            await manager.save(row)
            await manager.query("ROLLBACK TO SAVEPOINT torture")
            book.log.write({ kind: "undone", attempt: book.attempt, tags: [row.tag] })
        },
    },
    {
        name: "failing statement in a nested transaction",
        weight: 2,
        async run(context, entities) {
            const stored = await someRow(context, entities.document)
            if (!stored) return
            const twice = Object.assign(newDocument(context, entities), { tag: stored.tag })
            try {
                await context.manager.transaction((manager) =>
                    manager.save([newDocument(context, entities), twice]),
                )
            } catch (error) {
                if (!isDuplicate(error)) throw error
            }
        },
    },
    {
        name: "failing statement without a savepoint",
        weight: 1,
        // PostgreSQL ends the whole transaction for it.
        by: (_, database) => database !== "postgres",
        async run(context, entities) {
            const stored = await someRow(context, entities.document)
            if (!stored) return
            const twice = Object.assign(newDocument(context, entities), { tag: stored.tag })
            try {
                await context.manager.insert(entities.document, twice)
            } catch (error) {
                if (!isDuplicate(error)) throw error
            }
        },
    },
]

function isDuplicate(error: unknown): boolean {
    const { driverError } = error as { driverError?: { code?: string; errno?: number } }
    return driverError?.code === "23505" || driverError?.errno === 1062
}
