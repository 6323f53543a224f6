import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    EntitySchema,
    ManyToOne,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    backfillPseudoKeys,
    ColumnChangeError,
    findByPseudoKey,
    findManyByPseudoKey,
    InvalidKeyError,
    KeyTakenError,
    PseudoKey,
    type PseudoKeyOptions,
    regenerateKey,
    resolvePseudoKey,
    verifyAutoSequence,
    wherePseudoKey,
    withPseudoKeys,
} from "../../src"
import { expectUpToDate, migrate, pendingOfTypeORM } from "../migrations/migrate"
import { onEveryDatabase, StatementLog } from "../support/databases"
import { storedRows } from "../support/errors"
import { expectLeads, historyOf, refused } from "./history-entities"

const V4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/
const V7 = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/
const OWN = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
const NO_KEYS = [
    OWN.toUpperCase(),
    OWN.replaceAll("-", ""),
    `{${OWN}}`,
    `${OWN}0`,
    "x",
    OWN.slice(1),
]

@Entity()
class Site {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ generate: "uuidv7", type: "uuid", history: true }) publicId!: string
}

@Entity()
class Device {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: "" }) name!: string
    @ManyToOne(() => Site, { nullable: true }) site!: Site | null
    @PseudoKey({ generate: "uuid", type: "uuid", nullable: true }) serial!: string | null
    @PseudoKey({ generate: "uuidv7", type: "uuid", uniqueWith: "site", history: true })
    publicId!: string
}

const Sensor = withPseudoKeys(
    new EntitySchema<{ id: number; publicId: string }>({
        name: "sensor",
        columns: { id: { type: "int", primary: true, generated: true } },
    }),
    { publicId: { generate: "uuid", type: "uuid" } },
)

function tickets(options?: PseudoKeyOptions) {
    @Entity({ name: "ticket" })
    class Ticket {
        @PrimaryGeneratedColumn() id!: number
        @Column() name!: string
        publicId?: string
    }
    if (options) (PseudoKey(options) as PropertyDecorator)(Ticket.prototype, "publicId")
    return Ticket
}

const VARCHAR: PseudoKeyOptions = { generate: "uuid" }
const UUID: PseudoKeyOptions = { generate: "uuid", type: "uuid" }

onEveryDatabase("A pseudo key in a column of UUIDs", (database) => {
    const isNative = () => !/sql(ite|js)/.test(database().kind)

    async function typeOf(dataSource: DataSource, name: string): Promise<string> {
        const runner = dataSource.createQueryRunner()
        const table = await runner.getTable(dataSource.getMetadata(name).tablePath)
        await runner.release()
        const { type = "", length = "" } = table?.findColumnByName("publicId") ?? {}
        return type === "uuid" ? type : `${type}(${length})`
    }

    it("is made, set, changed, swapped and kept as any other, and looked for without an error", async () => {
        const log = new StatementLog()
        const options = { logging: ["query"] as ["query"], logger: log }
        const dataSource = await database().connect([Site, Device, Sensor], options)
        const { manager } = dataSource
        expect(await typeOf(dataSource, "Device")).to.equal(isNative() ? "uuid" : "varchar(36)")
        await verifyAutoSequence(dataSource)
        expect(await pendingOfTypeORM(dataSource)).to.eql([])

        const [north, south] = await manager.save(Site, [{}, {}])
        const devices = manager.getRepository(Device)
        const [one, two, three] = await devices.save(
            devices.create([
                { site: north },
                { site: south, publicId: OWN },
                { site: north, publicId: OWN },
            ]),
        )
        expect(one!.serial).to.match(V4)
        expect(one!.publicId).to.match(V7)
        const sensor = await manager.getRepository(Sensor).save({})
        const stored = await manager.getRepository(Sensor).findOneByOrFail({ id: sensor.id })
        expect(stored.publicId).to.equal(sensor.publicId).and.match(V4)
        await refused(devices.save({ site: north, publicId: OWN }), KeyTakenError)

        const before = await storedRows(devices)
        for (const wrong of NO_KEYS) {
            await refused(devices.save({ site: south, publicId: wrong }), InvalidKeyError)
            await refused(devices.save({ id: one!.id, serial: wrong }), InvalidKeyError)
        }
        expect(await storedRows(devices)).to.eql(before)
        log.statements.length = 0
        for (const wrong of NO_KEYS)
            expect(await findByPseudoKey(manager, Sensor, wrong), wrong).to.equal(null)
        expect(log.statements).to.eql([])

        const inNorth = { where: { site: wherePseudoKey(dataSource, Site, north!.publicId) } }
        expect(
            (await findByPseudoKey(manager, Device, OWN, { ...inNorth, property: "publicId" }))?.id,
        ).to.equal(three!.id)
        const former = one!.publicId
        const property = "publicId"
        await regenerateKey(manager, one!, { property })
        expect(one!.publicId).to.match(V7).and.not.equal(former)
        const where = { site: { id: north!.id } }
        const leads = {
            [former]: one!.id,
            [one!.publicId]: one!.id,
            [OWN]: three!.id,
            [north!.publicId]: null,
        }
        await expectLeads(manager, Device, leads, { where, property })
        expect(await historyOf(manager)).to.deep.include({
            [former]: { owner: [String(one!.id)], isRetired: true },
        })
        const found = await resolvePseudoKey(dataSource, former, {
            entity: Device,
            property,
            where,
        })
        expect(found).to.include({ key: one!.publicId, isRetired: true })

        const [a, b] = [one!.publicId, three!.publicId]
        await devices.save([
            { id: one!.id, publicId: b },
            { id: three!.id, publicId: a },
        ])
        await expectLeads(manager, Device, { [a]: three!.id, [b]: one!.id }, { where, property })
        await refused(devices.save({ id: three!.id, publicId: former }), KeyTakenError)
        const serials = [two!.serial, one!.serial, OWN].map(String)
        const rows = await findManyByPseudoKey(manager, Device, serials, { property: "serial" })
        expect(rows.map((row) => row?.id)).to.eql([two!.id, one!.id, undefined])
        await devices.save({ id: one!.id, serial: null })
        expect((await devices.findOneByOrFail({ id: one!.id })).serial).to.equal(null)
        expect(await backfillPseudoKeys(dataSource, Device, { property: "serial" })).to.include({
            done: 1,
        })
        expect((await devices.findOneByOrFail({ id: one!.id })).serial).to.match(V4)
        await verifyAutoSequence(dataSource)
    })

    it("is added to a table with rows by a migration, and taken away again", async () => {
        const before = await database().connect([tickets()])
        await before.getRepository("Ticket").save([{ name: "a" }, { name: "b" }])
        for (const generate of ["uuid", "uuidv7"] as const) {
            const { dataSource } = await migrate(database(), before, [
                tickets({ generate, type: "uuid" }),
            ])
            const rows = await dataSource.getRepository("Ticket").find()
            const keys = rows.map((row) => row.publicId as string)
            expect(new Set(keys).size).to.equal(2)
            for (const key of keys) expect(key).to.match(generate === "uuid" ? V4 : V7)
            await expectUpToDate(dataSource)
            await dataSource.undoLastMigration()
        }
    })

    it("takes the place of a varchar, with what is in it, and the other way", async () => {
        const before = await database().connect([tickets(VARCHAR)])
        const rows = before.getRepository("Ticket")
        const [one, two] = await rows.save([
            { name: "a" },
            { name: "b", publicId: OWN.toUpperCase() },
        ])
        const key = one!.publicId as string
        expect(await typeOf(before, "Ticket")).to.match(/255/)
        // What could not be told from others, or would not be found, is to be changed first.
        const wrong = migrate(database(), before, [tickets(UUID)])
        const error = await refused(wrong as Promise<unknown>, ColumnChangeError)
        expect(error.message).to.include("1 row holds no lower-case UUID").and.include("SELECT")
        await rows.save({ id: two!.id, publicId: OWN })

        const { dataSource } = await migrate(database(), before, [tickets(UUID)])
        expect(await typeOf(dataSource, "Ticket")).to.equal(isNative() ? "uuid" : "varchar(36)")
        await verifyAutoSequence(dataSource)
        await expectUpToDate(dataSource)
        await expectLeads(dataSource.manager, "Ticket", { [key]: one!.id, [OWN]: two!.id })
        const saved = await dataSource.getRepository("Ticket").save({ name: "c" })
        expect(saved.publicId).to.match(V4)
        await refused(
            dataSource.getRepository("Ticket").save({ name: "d", publicId: OWN }),
            KeyTakenError,
        )
        await dataSource.undoLastMigration()
        const again = await migrate(database(), dataSource, [tickets(UUID)])
        const back = await migrate(database(), again.dataSource, [tickets(VARCHAR)])
        expect(await typeOf(back.dataSource, "Ticket")).to.match(/255/)
        await expectLeads(back.dataSource.manager, "Ticket", { [key]: one!.id, [OWN]: two!.id })
        await expectUpToDate(back.dataSource)
    })
})
