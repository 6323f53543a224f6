import { seriesOf, withReason } from "../../src"
import type { Document, DocumentEntities, Draft } from "../entities/documents"
import { bookDraft, type Context, type Operation, someRow, tableOf } from "./operation"

/** What is done with rows that are stored. */
export const changes: readonly Operation[] = [
    {
        name: "finalise by save",
        weight: 3,
        async run(context, entities) {
            const row = await someRow(context, entities.draft, { status: "draft" })
            if (!row || !(await isStill(context, entities, row))) return
            row.status = "final"
            await context.manager.save(row)
            bookDraft(context, entities, row, false)
        },
    },
    {
        name: "finalise by update",
        weight: 1,
        async run({ manager, ...context }, entities) {
            const row = await someRow({ manager, ...context }, entities.draft, { status: "draft" })
            if (!row) return
            const isDraft = { id: row.id, status: "draft" } as const
            await manager.update(entities.draft, isDraft, { status: "final" })
        },
    },
    {
        name: "finalise by assign",
        weight: 2,
        by: (strategy) => !strategy.endsWith("commit"),
        async run(context, entities) {
            const row = await someRow(context, entities.draft, { status: "draft" })
            if (!row) return
            await seriesOf(context.dataSource, entities.draft, "number").assign(
                context.manager,
                row,
                { set: { status: "final" } },
            )
            bookDraft(context, entities, row, false)
        },
    },
    {
        name: "void",
        weight: 2,
        async run(context, entities) {
            const { manager, book, dataSource } = context
            const row = await someRow(context, entities.draft, { status: "final" })
            if (row?.number == null) return
            await seriesOf(dataSource, entities.draft, "number").void(manager, row, {
                reason: "torture",
                set: { status: "void" },
            })
            const scope = `${row.company}/${row.numberPeriod ?? ""}`
            book.void({ table: tableOf(dataSource, entities.draft), tag: row.tag, scope })
        },
    },
    {
        name: "delete",
        weight: 1,
        async run(context, entities) {
            const { manager, book, dataSource } = context
            const isDraft = context.random.chance(0.5)
            const entity = isDraft ? entities.draft : entities.document
            const row = await (isDraft
                ? someRow(context, entities.draft)
                : someRow(context, entities.document))
            if (row?.number == null) return
            const { tag, number, company } = row
            const scope = isPeriodic(row) ? `${company}/${row.numberPeriod ?? ""}` : String(company)
            book.deleting({ table: tableOf(dataSource, entity), tag, number, scope })
            await withReason(manager, { reason: "torture", by: book.attempt }, async () => {
                if (!isDraft) await deleteLines(context, entities, row.id)
                await (context.random.chance(0.5)
                    ? manager.remove(row)
                    : manager.delete(entity, { id: row.id }))
            })
        },
    },
    {
        name: "soft delete",
        weight: 1,
        async run(context, entities) {
            const row = await someRow(context, entities.document)
            if (row) await context.manager.softDelete(entities.document, { id: row.id })
        },
    },
]

/** Locks the draft: another one may have finalised it since, and made it void. */
async function isStill(
    { manager }: Context,
    { draft }: DocumentEntities,
    { id, status }: Draft,
): Promise<boolean> {
    if (manager.queryRunner?.isTransactionActive !== true) return false
    const lock = { mode: "pessimistic_write" } as const
    return (await manager.findOne(draft, { where: { id }, lock }))?.status === status
}

function isPeriodic(row: Document | Draft): row is Draft {
    return "numberPeriod" in row
}

/** They go before their document does. */
async function deleteLines(
    { manager, book, dataSource }: Context,
    { line }: DocumentEntities,
    document: number,
): Promise<void> {
    const lines = await manager.find(line, { where: { document: { id: document } } })
    const place = { table: tableOf(dataSource, line), scope: String(document) }
    // One that waits for COMMIT has no number yet, and goes all the same.
    for (const { tag, number } of lines)
        book.deleting({ ...place, tag, ...(number !== null && { number }) })
    if (lines.length > 0) await manager.remove(lines)
}
