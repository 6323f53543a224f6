import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    type EntityTarget,
    ManyToOne,
    type ObjectLiteral,
    PrimaryGeneratedColumn,
} from "typeorm"
import { findByPseudoKey, PseudoKey } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { upTo } from "../support/invoices"
import { isThorough } from "../support/thoroughness"

const WRITERS = isThorough ? 32 : 12
const EACH = 3
const ROWS = WRITERS * EACH

@Entity()
class Area {
    @PrimaryGeneratedColumn() id!: number
}

abstract class Thing {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
}

@Entity()
class Random extends Thing {
    @PseudoKey({ history: true }) slug!: string
}

@Entity()
class Late extends Thing {
    @PseudoKey({
        case: "keep",
        derive: ({ id, name }: Late) => `${name}-${id}`,
        after: "insert",
        history: true,
    })
    slug!: string
}

@Entity()
class Forever extends Thing {
    @PseudoKey({ history: "forever" }) slug!: string
}

@Entity()
class Placed {
    @PrimaryGeneratedColumn("uuid") id!: string
    @Column() name!: string
    @ManyToOne(() => Area, { nullable: false }) area!: Area
    @PseudoKey({ uniqueWith: "area", history: true }) slug!: string
}

interface Row extends ObjectLiteral {
    id: number | string
    name: string
    slug: string
}

/** Everything at once, each writer its own rows; resolves to what failed. */
async function write(work: (row: number) => Promise<unknown>): Promise<unknown[]> {
    const failed: unknown[] = []
    await Promise.all(
        upTo(WRITERS).map(async (writer) => {
            for (const turn of upTo(EACH))
                await work((turn - 1) * WRITERS + writer).catch((error: unknown) => {
                    failed.push(String(error))
                })
        }),
    )
    return failed
}

onEveryDatabase(
    `${WRITERS} parallel writers of different rows with a history`,
    (database) => {
        const KINDS: Record<string, EntityTarget<Row>> = {
            "random keys": Random as EntityTarget<Row>,
            "keys that are made after the INSERT": Late as EntityTarget<Row>,
            "keys that are kept for ever": Forever as EntityTarget<Row>,
            "keys within others, and UUIDs": Placed as EntityTarget<Row>,
        }
        for (const [kind, entity] of Object.entries(KINDS))
            it(`insert, change, move and remove them without a deadlock: ${kind}`, async () => {
                const dataSource: DataSource = await database().connect([Area, entity as never], {
                    connections: WRITERS,
                })
                const { manager } = dataSource
                const areas = await manager.save(Area, [{}, {}])
                const things = manager.getRepository(entity)
                const inArea = (at: number) => (entity === Placed ? { area: areas[at] } : {})
                const find = (slug: string, at: number) =>
                    findByPseudoKey(manager, entity, slug, { where: inArea(at) })

                const rows: Row[] = []
                const insert = async (row: number) => {
                    rows[row] = await things.save({ name: `n${row}`, ...inArea(0) } as Row)
                }
                expect(await write(insert)).to.eql([])
                const keys = rows.map(({ slug }) => slug)
                const change = (row: number) =>
                    things.save({ id: rows[row]!.id, slug: `new-${row}`, ...inArea(1) } as Row)
                expect(await write(change)).to.eql([])
                for (const row of [1, WRITERS, ROWS])
                    for (const slug of [keys[row]!, `new-${row}`])
                        expect(await find(slug, 1)).to.include({ slug: `new-${row}` })
                const remove = async (row: number) => {
                    if (row % 2 === 0) await things.remove({ ...rows[row] } as Row)
                    else await insert(row)
                }
                expect(await write(remove)).to.eql([])
                expect(await things.count()).to.equal(ROWS)
                const added = await things.save({ name: "last", ...inArea(0) } as Row)
                expect(await find(added.slug, 0)).to.include({ id: added.id })
            })

        it("insert several at once into a table that is empty, without a deadlock", async () => {
            // The plan of a statement depends on how many rows the database takes it to have.
            for (let round = 0; round < 12; round += 1) {
                const { manager } = await database().connect([Random], { emptied: true })
                const things = manager.getRepository(Random)
                await rejection(
                    manager.transaction(async (m) => {
                        await m.save(Random, { name: "given back" })
                        throw new Error("rolled back")
                    }),
                )
                const saves = upTo(4).map((writer) =>
                    things.save(upTo(2).map((row) => ({ name: `${writer}.${row}` }))),
                )
                const saved = (await Promise.all(saves)).flat().map(({ slug }) => slug)
                const stored = (await things.find()).map(({ slug }) => slug)
                expect(stored.sort()).to.eql(saved.sort())
            }
        })
    },
    ({ parallel }) => parallel,
)
