import { expect } from "chai"
import type { EntityManager } from "typeorm"
import {
    findByPseudoKey,
    findManyByPseudoKey,
    resolvePseudoKey,
    wherePseudoKey,
} from "../../../src"
import { tableName } from "../../../src/typeorm/names"
import { dataSourceOf } from "../../support/typeorm"
import type { Model, ModelRow } from "./model"
import type { Row } from "./styles"
import { whereBox } from "./variants"

const MAX_KEYS = 24

/** Expects the table to be as the model has it. */
export async function expectTable(manager: EntityManager, model: Model): Promise<void> {
    expect(await storedKeys(manager, model)).to.eql(
        [...model.rows.values()]
            .sort((a, b) => a.id - b.id)
            .map(({ id, box, title, key, isDeleted }) => [id, box, title, key, isDeleted]),
    )
}

export async function storedKeys(manager: EntityManager, { variant }: Model) {
    const metadata = dataSourceOf(manager).getMetadata(variant.root)
    const rows = await manager.query<Record<string, unknown>[]>(
        `SELECT * FROM ${tableName(metadata)} ORDER BY id`,
    )
    return rows.map((row) => [
        Number(row.id),
        row.box,
        row.title,
        row.slug,
        (row.deletedAt ?? null) !== null,
    ])
}

/** Expects all keys that were ever seen to lead where the model says. */
export async function expectLookUps(manager: EntityManager, model: Model): Promise<void> {
    const { variant } = model
    const { isScoped, isSoftDeleted, family, root, kinds } = variant
    const texts = [...model.seen].slice(-MAX_KEYS)
    const entities =
        family === "none" ? [root] : family === "child" ? [kinds[0]!] : [root, kinds[0]!]
    for (const entity of entities)
        for (const box of isScoped ? [1, 2] : [1]) {
            const where = whereBox(variant, box)
            const isOfKind = ({ kind }: ModelRow) => entity === root || kind === 0
            const expected = (options: { retired?: boolean; withDeleted?: boolean }) =>
                texts.map((text) => {
                    const row = model.leads(box, text, options)
                    const isSeen = row && isOfKind(row) && (options.withDeleted ?? !row.isDeleted)
                    return [text, isSeen ? row.id : null]
                })
            const idsOf = (rows: readonly (Row | null)[]) =>
                rows.map((row, at) => [texts[at], row?.id ?? null])

            const found = await findManyByPseudoKey(manager, entity, texts, where)
            expect(idsOf(found), "found together").to.eql(expected({}))
            const now = await findManyByPseudoKey(manager, entity, texts, {
                ...where,
                retired: false,
            })
            expect(idsOf(now), "found together by keys of today").to.eql(
                expected({ retired: false }),
            )
            if (isSoftDeleted)
                expect(
                    idsOf(
                        await findManyByPseudoKey(manager, entity, texts, {
                            ...where,
                            withDeleted: true,
                        }),
                    ),
                    "found with deleted ones",
                ).to.eql(expected({ withDeleted: true }))
            const conditions = texts.map((text) => wherePseudoKey(manager, entity, text, where))
            const rows = await manager.find(entity, { where: conditions })
            const led = expected({}).flatMap(([, id]) => id ?? [])
            expect(new Set(rows.map(({ id }) => id)), "found by conditions").to.eql(new Set(led))
            await expectOneByOne(manager, model, { texts, box, entity, expected })
        }
}

async function expectOneByOne(
    manager: EntityManager,
    model: Model,
    {
        texts,
        box,
        entity,
        expected,
    }: {
        texts: readonly string[]
        box: number
        entity: Model["variant"]["root"]
        expected: (options: { retired?: boolean }) => (string | number | null)[][]
    },
): Promise<void> {
    const where = whereBox(model.variant, box)
    const [any, today] = [expected({}), expected({ retired: false })]
    for (const [at, text] of texts.entries()) {
        // One of the two ways each; the next program takes the other.
        const retired = (at + box) % 2 === 0
        const row = await findByPseudoKey(manager, entity, text, { ...where, retired })
        expect(row?.id ?? null, `found by ${text}`).to.equal((retired ? any : today)[at]?.[1])
        if (at % 3 > 0) continue
        const resolved = await resolvePseudoKey(manager, text, { ...where, entity })
        const id = any[at]?.[1] ?? null
        const { key } = model.rows.get(Number(id)) ?? {}
        expect(
            resolved && [resolved.row.id, resolved.key, resolved.isRetired],
            `resolved ${text}`,
        ).to.eql(id === null ? null : [id, key ?? "", key !== text])
    }
}
