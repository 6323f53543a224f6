import { expect } from "chai"
import {
    ChildEntity,
    Column,
    type DataSource,
    DeleteDateColumn,
    Entity,
    EntitySchema,
    type EntityTarget,
    PrimaryColumn,
    TableInheritance,
} from "typeorm"
import {
    findByPseudoKey,
    findManyByPseudoKey,
    openKey,
    PseudoKey,
    type PseudoKeyOptions,
    resolvePseudoKey,
    sealKey,
    withPseudoKeys,
} from "../../../src"
import { describeOn } from "../../support/databases"
import { matrixServers, servers } from "../../support/servers"
import { isThorough } from "../../support/thoroughness"

interface Seat {
    hall: number
    seat: number
    note: string
    publicId: string
}

interface Variant {
    readonly title: string
    readonly isComposite: boolean
    readonly isSoftDeleted: boolean
    readonly kinds: readonly EntityTarget<Seat>[]
    readonly entities: readonly EntityTarget<Seat>[]
}

const SECRET = "0123456789abcdef0123456789abcdef"
const BOTH = [false, true]
type Class = new () => Seat

let tables = 0

const VARIANTS = BOTH.flatMap((isComposite) =>
    BOTH.flatMap((isSoftDeleted) =>
        BOTH.flatMap((isFamily) =>
            BOTH.map((isSchema) => variantOf({ isComposite, isSoftDeleted, isFamily, isSchema })),
        ),
    ),
)

function variantOf(shape: {
    isComposite: boolean
    isSoftDeleted: boolean
    isFamily: boolean
    isSchema: boolean
}): Variant {
    tables += 1
    const { isComposite, isSoftDeleted, isFamily, isSchema } = shape
    const name = `sealed_${tables}`
    const key = {
        prefix: `s${String(tables).padStart(2, "0")}`,
        seal: { column: isComposite ? ["hall", "seat"] : "hall", secret: SECRET },
    } as PseudoKeyOptions<Seat>
    const title = [
        isComposite ? "two columns" : "one column",
        ...(isSoftDeleted ? ["soft delete"] : []),
        ...(isFamily ? ["two classes"] : []),
        ...(isSchema ? ["schema"] : []),
    ].join(", ")
    const of = (all: Variant["entities"]): Variant => ({
        ...{ title, isComposite, isSoftDeleted, entities: all },
        kinds: isFamily ? all.slice(1) : all,
    })
    const root = class {} as Class
    Object.defineProperty(root, "name", { value: name })
    const children = isFamily
        ? ["a", "b"].map((kind) => {
              const child = class extends root {}
              Object.defineProperty(child, "name", { value: `${name}_${kind}` })
              return child
          })
        : []
    if (isSchema) {
        const column = { type: "varchar", name: "kind", length: 20 } as const
        const schema = withPseudoKeys(
            new EntitySchema<Seat>({
                ...{ name, target: root },
                columns: {
                    hall: { type: "int", primary: true },
                    seat: { type: "int", primary: isComposite },
                    note: { type: "varchar", length: 20 },
                    ...(isSoftDeleted && {
                        deletedAt: { type: Date, deleteDate: true, nullable: true },
                    }),
                } as never,
                ...(isFamily && { inheritance: { pattern: "STI", column } }),
            }),
            { publicId: key as never },
        )
        const kinds = children.map(
            (child, at) =>
                new EntitySchema<Seat>({
                    ...{ name: child.name, target: child, type: "entity-child" },
                    ...{ columns: {} as never, discriminatorValue: "ab"[at]! },
                }),
        )
        const all = [schema, ...kinds]
        return of(all)
    }
    Entity({ name })(root)
    const row = root.prototype as Seat
    PrimaryColumn({ type: "int" })(row, "hall")
    if (isComposite) PrimaryColumn({ type: "int" })(row, "seat")
    else Column({ type: "int" })(row, "seat")
    Column({ type: "varchar", length: 20 })(row, "note")
    if (isSoftDeleted) DeleteDateColumn()(row, "deletedAt")
    ;(PseudoKey as (options: PseudoKeyOptions<Seat>) => PropertyDecorator)(key)(row, "publicId")
    if (isFamily) TableInheritance({ column: { type: "varchar", name: "kind", length: 20 } })(root)
    for (const [at, child] of children.entries()) ChildEntity("ab"[at])(child)
    const all = [root, ...children]
    return of(all)
}

for (const server of isThorough ? servers : matrixServers)
    describeOn("Sealed keys", server, (_, { lasting }) => {
        let dataSource: DataSource

        before(async () => {
            const entities = VARIANTS.flatMap((variant) => variant.entities)
            dataSource = await lasting().connect(entities as never)
        })

        for (const { title, isComposite, isSoftDeleted, kinds, entities } of VARIANTS)
            it(`lead to their rows as long as these are there, and to no others: ${title}`, async () => {
                const { manager } = dataSource
                const [root] = entities as [EntityTarget<Seat>]
                const ids = [1, 2, 3, 4].map((hall) => ({ hall, seat: isComposite ? 7 - hall : 0 }))
                const rows: Seat[] = []
                for (const [at, id] of ids.entries()) {
                    const kind = kinds[at % kinds.length]!
                    const row = manager.create(kind, {
                        ...id,
                        note: "n",
                    } as never) as unknown as Seat
                    rows.push((await manager.save(kind, row as never)) as unknown as Seat)
                }
                const keys = rows.map(({ publicId }) => publicId)
                expect(new Set(keys).size).to.equal(4)
                const expectLed = async (expected: readonly (number | null)[], options = {}) => {
                    const found = await findManyByPseudoKey(manager, root, keys, options)
                    expect(found.map((row) => row?.hall ?? null)).to.eql(expected)
                    for (const [at, key] of keys.entries()) {
                        const one = await findByPseudoKey(manager, root, key, options)
                        expect(one?.hall ?? null).to.equal(expected[at])
                        const resolved = await resolvePseudoKey(manager, key, options)
                        expect(resolved?.key ?? null).to.equal(expected[at] ? key : null)
                        const id = isComposite ? ids[at] : ids[at]!.hall
                        expect(openKey(dataSource, root, key)).to.eql(id)
                        expect(sealKey(dataSource, root, id as never)).to.equal(key)
                    }
                }
                await expectLed([1, 2, 3, 4])
                const loaded = await manager.find(root, { order: { hall: "ASC" } })
                expect(loaded.map(({ publicId }) => publicId)).to.eql(keys)
                // A change of the row is none of its key.
                loaded[0]!.note = "other"
                await manager.save(root, loaded as never)
                expect(loaded[0]!.publicId).to.equal(keys[0])
                if (kinds.length > 1) {
                    const ofOne = await findManyByPseudoKey(manager, kinds[0]!, keys)
                    expect(ofOne.map((row) => row?.hall ?? null)).to.eql([1, null, 3, null])
                }
                await manager.delete(root, ids[3]!)
                await expectLed([1, 2, 3, null])
                if (isSoftDeleted) {
                    await manager.softRemove(root, loaded[1] as never)
                    await expectLed([1, null, 3, null])
                    await expectLed([1, 2, 3, null], { withDeleted: true })
                }
                // One of another table, and one that is forged.
                const [key = ""] = keys
                const forged = key.slice(0, -1) + (key.endsWith("A") ? "B" : "A")
                const other = VARIANTS.find((one) => one.entities[0] !== root)!
                expect(await findByPseudoKey(manager, other.entities[0]!, key)).to.equal(null)
                expect(openKey(dataSource, root, forged.replace(/^(.{8})./, "$1_"))).to.equal(null)
            })
    })
