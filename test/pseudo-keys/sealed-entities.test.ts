import { expect } from "chai"
import {
    ChildEntity,
    Column,
    Entity,
    EntitySchema,
    ManyToOne,
    OneToMany,
    PrimaryGeneratedColumn,
    TableInheritance,
} from "typeorm"
import {
    AutoSequenceSubscriber,
    findByPseudoKey,
    PseudoKey,
    resolvePseudoKey,
    withPseudoKeys,
} from "../../src"
import { InvalidKeyError } from "../../src"
import { refused } from "./history-entities"
import { tableName } from "../../src/typeorm/names"
import { onEveryDatabase, StatementLog } from "../support/databases"
import { rejection } from "../support/errors"

const secret = "of forty bytes, and no random ones, sure"

@Entity()
class Shop {
    @PrimaryGeneratedColumn() id!: number
    @Column({ unique: true }) name!: string
    @PseudoKey({ prefix: "shp", seal: { column: "id", secret } }) publicId!: string
    @OneToMany(() => Item, (item) => item.shop, { cascade: true }) items!: Item[]
}

@Entity()
class Item {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: "" }) name!: string
    @PseudoKey({ prefix: "itm", seal: { column: "id", secret } }) publicId!: string
    @ManyToOne(() => Shop, (shop) => shop.items) shop!: Shop
    @OneToMany(() => Part, (part) => part.item) parts!: Part[]
}

@Entity()
class Part {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Item, (item) => item.parts, { eager: true }) item!: Item
}

@Entity()
@TableInheritance({ column: { type: "varchar", name: "kind" } })
class Vehicle {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ prefix: "veh", seal: { column: "id", secret } }) publicId!: string
}

@ChildEntity()
class Car extends Vehicle {
    @Column({ nullable: true }) doors!: number
}

@ChildEntity()
class Ship extends Vehicle {
    @PseudoKey({ prefix: "ship", seal: { column: "id", secret, context: "Ship" } })
    call!: string
}

interface Plan {
    id: number
    publicId: string
}

const PlanEntity = withPseudoKeys(
    new EntitySchema<Plan>({
        name: "plan",
        columns: { id: { type: "int", primary: true, generated: true } },
    }),
    { publicId: { prefix: "pln", seal: { column: "id", secret } } },
)

@Entity()
class Brand {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @Column({ default: "" }) country!: string
    @PseudoKey({ case: "keep", derive: (b: Brand) => b.name, nullable: true }) slug!: string | null
    @PseudoKey({
        case: "keep",
        derive: (b: Brand) => `of ${b.name}`,
        nullable: true,
        history: true,
    })
    other!: string | null
    @OneToMany(() => Model, (model) => model.brand) models!: Model[]
}

@Entity()
class Model {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @ManyToOne(() => Brand, (brand) => brand.models) brand!: Brand
    @PseudoKey({
        case: "keep",
        derive: (m: Model) => `${m.brand.name}-${m.name}`,
        relations: ["brand"],
        nullable: true,
    })
    slug!: string | null
}

@Entity()
class Dish {
    @PrimaryGeneratedColumn() id!: number
    @Column() menu!: number
    @Column() name!: string
    @PseudoKey({
        case: "keep",
        derive: (dish: Dish) => dish.name,
        uniqueWith: "menu",
        nullable: true,
    })
    slug!: string | null
}

@Entity()
class Plate {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Dish) dish!: Dish
    @PseudoKey({
        case: "keep",
        derive: (plate: Plate) => `plate of ${plate.dish.name}`,
        relations: ["dish"],
    })
    slug!: string
}

@Entity()
class Plain {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ history: true }) key!: string
}

const ENTITIES = [Shop, Item, Part]

onEveryDatabase("The property of a sealed key", (database) => {
    it("is there after insert, whatever the way", async () => {
        const { manager } = await database().connect(ENTITIES, { emptied: true })
        const shops = manager.getRepository(Shop)
        const inserted: Shop[] = []
        inserted.push(await shops.save({ name: "plain" } as Shop))
        inserted.push(await manager.save(shops.create({ name: "of a class" })))
        inserted.push(...(await shops.save(["a", "b", "c"].map((name) => shops.create({ name })))))
        const value = { name: "inserted" } as Shop
        await manager.insert(Shop, value)
        const bulk = ["x", "y", "z"].map((name) => ({ name }) as Shop)
        await manager.insert(Shop, bulk)
        const built = { name: "built" } as Shop
        await manager.createQueryBuilder().insert().into(Shop).values(built).execute()
        inserted.push(value, ...bulk, built)
        // TypeORM gives these the primary key of the last one on sql.js.
        const mistaken = database().kind === "sqljs" ? bulk.slice(0, -1) : []
        for (const shop of inserted) {
            const { id, name, publicId } = shop
            expect(publicId).to.match(/^shp_[\w-]{22}$/)
            expect(await findByPseudoKey(manager, Shop, publicId)).to.include(
                mistaken.includes(shop) ? { id } : { id, name },
            )
        }
        const keys = new Set(inserted.map(({ publicId }) => publicId))
        expect(keys).to.have.length(inserted.length - mistaken.length)
        // By a cascade.
        const shop = await shops.save({ name: "with items", items: [{ name: "i" }] as Item[] })
        expect(shop.items[0]?.publicId).to.match(/^itm_[\w-]{22}$/)
        const item = await findByPseudoKey(manager, Item, shop.items[0]?.publicId ?? "")
        expect(item).to.include({ name: "i" })
    })

    it("is there after every load", async () => {
        const { manager } = await database().connect(ENTITIES, { emptied: true })
        const saved = await manager.save(Shop, { name: "shop" })
        const [item, other] = await manager.save(Item, [{ shop: saved }, { shop: saved }])
        if (!item || !other) throw new Error("They are not saved.")
        await manager.save(Part, [{ item }, { item: other }])
        const shops = manager.getRepository(Shop)
        const { id, publicId } = saved
        const items = [item.publicId, other.publicId]
        const itemsOf = (shop?: Shop | null) => shop?.items.map((one) => one.publicId)

        expect(await shops.find()).to.eql([await shops.findOneBy({ id })])
        for (const loaded of [
            (await shops.find())[0],
            await shops.findOne({ where: { id } }),
            await shops.findOneBy({ id }),
            (await shops.findAndCount())[0][0],
            await shops.preload({ id, name: "changed" }),
            await shops.createQueryBuilder("s").getOne(),
            (await shops.createQueryBuilder("s").getMany())[0],
            (await shops.createQueryBuilder("s").getRawAndEntities()).entities[0],
            (await shops.createQueryBuilder("s").getManyAndCount())[0][0],
        ])
            expect(loaded).to.be.instanceOf(Shop).and.to.include({ publicId })

        const order = { items: { id: "ASC" } } as const
        for (const relationLoadStrategy of ["join", "query"] as const) {
            const joined = await shops.findOne({
                where: { id },
                relations: { items: { parts: true } },
                order: relationLoadStrategy === "join" ? order : {},
                relationLoadStrategy,
            })
            expect(joined?.publicId).to.equal(publicId)
            expect(itemsOf(joined)?.sort()).to.eql([...items].sort())
        }
        const built = await shops
            .createQueryBuilder("s")
            .leftJoinAndSelect("s.items", "i")
            .leftJoinAndSelect("i.parts", "p")
            .orderBy("i.id")
            .getOne()
        expect([built?.publicId, itemsOf(built)]).to.eql([publicId, items])
        // Of an eager relation, and of one below that.
        const parts = await manager.find(Part, {
            relations: { item: { shop: true } },
            order: { id: "ASC" },
        })
        expect(parts.map((part) => part.item.publicId)).to.eql(items)
        expect(parts.map((part) => part.item.shop.publicId)).to.eql([publicId, publicId])
        const [part] = await manager.find(Part, { order: { id: "ASC" } })
        expect(part?.item.publicId).to.equal(item.publicId)
    })

    it("is not there where the primary key was not loaded", async () => {
        const dataSource = await database().connect(ENTITIES, { emptied: true })
        const { manager } = dataSource
        const { id } = await manager.save(Shop, { name: "shop" })
        expect(await manager.find(Shop, { select: { name: true } })).to.eql([
            Object.assign(new Shop(), { name: "shop" }),
        ])
        const raw = await manager.createQueryBuilder(Shop, "s").getRawMany<object>()
        expect(raw).to.eql([{ s_id: id, s_name: "shop" }])
        // It is no column.
        const { metadata } = manager.getRepository(Shop)
        expect(metadata.columns.map(({ propertyPath }) => propertyPath)).to.eql(["id", "name"])
        const runner = dataSource.createQueryRunner()
        const table = await runner.getTable(metadata.tablePath)
        await runner.release()
        expect(table?.columns.map(({ name }) => name)).to.eql(["id", "name"])
        expect(table?.indices.filter((index) => !index.isUnique)).to.eql([])
    })

    it("is removed when the insert is rolled back", async () => {
        const dataSource = await database().connect(ENTITIES, { emptied: true })
        const rollback = new Error("roll back")
        const saved = new Shop()
        const inserted = { name: "b" } as Shop
        const attempt = dataSource.transaction(async (manager) => {
            saved.name = "a"
            await manager.save(saved)
            await manager.insert(Shop, inserted)
            for (const { publicId } of [saved, inserted]) expect(publicId).to.match(/^shp_/)
            throw rollback
        })
        expect(await rejection(attempt)).to.equal(rollback)
        for (const { publicId } of [saved, inserted]) expect(publicId).to.equal(undefined)

        // Only what was inserted since the savepoint.
        const [outer, inner] = [new Shop(), new Shop()]
        outer.name = "outer"
        inner.name = "inner"
        await dataSource.transaction(async (manager) => {
            await manager.save(outer)
            const nested = manager.transaction(async (savepoint) => {
                await savepoint.save(inner)
                throw rollback
            })
            expect(await rejection(nested)).to.equal(rollback)
        })
        expect(inner.publicId).to.equal(undefined)
        expect(await findByPseudoKey(dataSource.manager, Shop, outer.publicId)).to.include({
            name: "outer",
        })

        // A save that fails, of several rows.
        const failing = ["one", "two", "outer"].map((name) => Object.assign(new Shop(), { name }))
        await rejection(dataSource.manager.save(failing))
        for (const { publicId } of failing) expect(publicId).to.equal(undefined)
    })

    it("is never taken from another entity", async () => {
        const { manager } = await database().connect(ENTITIES, { emptied: true })
        const source = await manager.save(Shop, { name: "source" })
        const other = { ...source, id: undefined as unknown as number, name: "copy" }
        await refused(manager.save(Shop, other), InvalidKeyError)
        const copy = await manager.save(Shop, { ...other, publicId: undefined as never })
        expect(copy.publicId).to.match(/^shp_/).and.not.to.equal(source.publicId)
        expect(await findByPseudoKey(manager, Shop, copy.publicId)).to.include({ name: "copy" })
        expect(manager.create(Shop, source).publicId).to.equal(undefined)
        // It can't be set either.
        const { publicId } = source
        await refused(manager.save(Shop, { name: "set", publicId }), InvalidKeyError)
        const changed = { ...source, publicId: copy.publicId, name: "renamed" }
        await refused(manager.save(Shop, changed), InvalidKeyError)
        const loaded = await manager.findOneByOrFail(Shop, { id: source.id })
        expect(() => (loaded.publicId = copy.publicId)).to.throw(InvalidKeyError)
        loaded.publicId = publicId
        expect(await manager.count(Shop)).to.equal(2)
        await manager.save(Shop, { ...source, name: "renamed" })
        const found = await findByPseudoKey(manager, Shop, source.publicId)
        expect(found).to.eql(Object.assign(new Shop(), { ...source, name: "renamed" }))
    })

    it("is as good as not set where a form has nothing for it", async () => {
        const { manager } = await database().connect(ENTITIES, { emptied: true })
        for (const nothing of [undefined, null, ""]) {
            const none = { publicId: nothing as never }
            const { id, publicId } = await manager.save(Shop, { name: `${nothing}`, ...none })
            expect(publicId).to.match(/^shp_[\w-]{22}$/)
            await manager.save(Shop, { id, name: `${nothing}, again`, ...none })
            expect(await findByPseudoKey(manager, Shop, publicId)).to.include({
                name: `${nothing}, again`,
            })
        }
    })

    it("is never that of another row after upsert() and orIgnore()", async () => {
        const { manager } = await database().connect(ENTITIES, { emptied: true })
        const names = ["a", "b", "c", "d", "e"]
        const byName = new Map<string, string>()
        const check = async (shops: Shop[]) => {
            for (const { id, name, publicId } of await manager.find(Shop)) {
                expect(byName.get(name) ?? publicId, `${id}`).to.equal(publicId)
                byName.set(name, publicId)
            }
            for (const { name, publicId } of shops)
                if (publicId) expect(publicId, name).to.equal(byName.get(name))
        }
        const some = (...at: number[]) => at.map((i) => ({ name: names[i] }) as Shop)
        await manager.insert(Shop, some(1, 3))
        for (const rows of [some(3), some(0), some(1, 2), some(4, 0, 3)]) {
            await manager.upsert(Shop, rows, ["name"])
            await check(rows)
        }
        await manager.delete(Shop, { name: "b" })
        byName.delete("b")
        for (const rows of [some(0), some(0, 1), some(2, 1, 3)]) {
            const insert = manager.createQueryBuilder().insert().into(Shop).values(rows)
            await insert.orIgnore().execute()
            await check(rows)
        }
    })

    it("is there in classes of a single-table inheritance", async () => {
        const dataSource = await database().connect([Vehicle, Car, Ship], { emptied: true })
        const { manager } = dataSource
        const car = await manager.save(Car, { doors: 3 })
        const ship = await manager.getRepository(Ship).save({})
        expect(car.publicId).to.match(/^veh_[\w-]{22}$/)
        expect(ship.call).to.match(/^ship_[\w-]{22}$/)
        for (const entity of [Vehicle, Car]) {
            const found = await findByPseudoKey<Vehicle>(manager, entity, car.publicId)
            expect(found).to.be.instanceOf(Car).and.to.include({ publicId: car.publicId })
        }
        expect(await findByPseudoKey(manager, Ship, car.publicId)).to.equal(null)
        expect(await findByPseudoKey(manager, Ship, ship.publicId)).to.eql(ship)
        expect(await findByPseudoKey(manager, Ship, ship.call)).to.eql(ship)
        expect((await resolvePseudoKey(dataSource, ship.call))?.row).to.eql(ship)
        expect((await resolvePseudoKey(dataSource, car.publicId))?.row).to.eql(
            await manager.findOneByOrFail(Car, { id: car.id }),
        )
        const { id } = ship
        expect(await manager.findOneBy(Ship, { id })).to.include({ call: ship.call })
    })

    it("of a class is there as well when its row is loaded by the class above", async () => {
        const { manager } = await database().connect([Vehicle, Car, Ship], { emptied: true })
        await manager.getRepository(Car).save({})
        const ship = await manager.getRepository(Ship).save({})
        const loaded = await manager.find(Vehicle, { order: { id: "ASC" } })
        expect(loaded[0]).not.to.have.property("call")
        expect(loaded[1]).to.eql(ship)
    })

    it("is there where the entity is an EntitySchema", async () => {
        const dataSource = await database().connect([PlanEntity], { emptied: true })
        const { manager } = dataSource
        const plan = await manager.save(PlanEntity, {} as Plan)
        expect(plan.publicId).to.match(/^pln_[\w-]{22}$/)
        expect(await manager.find(PlanEntity)).to.eql([plan])
        expect(await findByPseudoKey(manager, PlanEntity, plan.publicId)).to.eql(plan)
        expect(await resolvePseudoKey(dataSource, plan.publicId)).to.include({ entity: "plan" })
    })

    it("is what makes the subscriber look at loads, nothing else", async () => {
        const watches = ({ subscribers }: { subscribers: object[] }) =>
            subscribers.filter((one) => one instanceof AutoSequenceSubscriber && "afterLoad" in one)
        expect(watches(await database().connect([Plain], { emptied: true }))).to.eql([])
        expect(watches(await database().connect(ENTITIES, { emptied: true }))).to.eql([])
        expect(watches(await database().connect([Brand, Model], { emptied: true }))).to.have.length(
            1,
        )
    })
})

onEveryDatabase("A derived key that is still NULL", (database) => {
    it("is shown by a loaded row, which can be saved with other changes", async () => {
        const { manager } = await database().connect([Brand, Model])
        const brands = manager.getRepository(Brand)
        const table = tableName(brands.metadata)
        const insert = (name: string) =>
            manager.query(`INSERT INTO ${table} (name) VALUES ('${name}')`)
        const stored = () =>
            manager.query<object[]>(`SELECT name, country, slug FROM ${table} ORDER BY id`)
        await insert("Acme & Co")
        const loaded = await brands.findOneByOrFail({ id: 1 })
        expect(loaded).to.include({ slug: "Acme-Co", other: "of-Acme-Co" })
        const taken = await brands.save(brands.create({ name: "Acme & Co" }))
        expect(taken.slug).to.equal("Acme-Co")

        loaded.country = "Utopia"
        await brands.save(loaded)
        await brands.save({ ...loaded, country: "Erewhon" })
        expect(await stored()).to.eql([
            { name: "Acme & Co", country: "Erewhon", slug: null },
            { name: "Acme & Co", country: "", slug: "Acme-Co" },
        ])
        expect(await findByPseudoKey(manager, Brand, "Acme-Co", { property: "slug" })).to.include({
            id: taken.id,
        })

        // A key of its own takes the place of what was shown.
        await brands.save({ ...loaded, slug: "acme", other: "acme" })
        expect(await brands.findOneByOrFail({ id: 1 })).to.include({ slug: "acme", other: "acme" })
        const former = { property: "other" } as const
        expect(await findByPseudoKey(manager, Brand, "of-Acme-Co", former)).to.include({
            id: taken.id,
        })
    })

    it("is not shown where it leads to another row, or may be shown by one", async () => {
        const { manager } = await database().connect([Brand, Model])
        const brands = manager.getRepository(Brand)
        await brands.save([{ name: "Tea", other: "tea" }, { name: "Salt" }])
        await brands.save({ id: 2, other: "salt" })
        for (const name of ["Tea", "Salt", "Cup", "Cup", "Jug"])
            await manager.query(
                `INSERT INTO ${tableName(brands.metadata)} (name) VALUES ('${name}')`,
            )
        const rows = await brands.find({ order: { id: "ASC" } })
        expect(rows.map(({ slug, other }) => [slug, other])).to.eql([
            ["Tea", "tea"],
            ["Salt", "salt"],
            [null, "of-Tea"],
            // That of the history is the other row's.
            [null, null],
            [null, null],
            [null, null],
            ["Jug", "of-Jug"],
        ])
        for (const { id, slug } of rows)
            if (slug !== null) {
                const found = await findByPseudoKey(manager, Brand, slug, { property: "slug" })
                expect(found?.id ?? id).to.equal(id)
            }
        await brands.save(rows.map((row) => Object.assign(row, { country: "Utopia" })))
        await brands.save({ name: "Jug" })
        const slugs = (await brands.find({ order: { id: "ASC" } })).map(({ slug }) => slug)
        expect(slugs).to.eql(["Tea", "Salt", null, null, null, null, null, "Jug"])
    })

    it("is shown within its scope, by one look for all rows of a load", async () => {
        const log = new StatementLog()
        const { manager } = await database().connect([Dish, Plate], {
            emptied: true,
            logging: ["query"],
            logger: log,
        })
        const dishes = manager.getRepository(Dish)
        await dishes.save({ menu: 1, name: "Soup" })
        for (let menu = 1; menu <= 2; menu++)
            for (const name of ["Soup", "Stew", "Tart"])
                await manager.query(
                    `INSERT INTO ${tableName(dishes.metadata)} (menu, name) VALUES (${menu}, '${name}')`,
                )
        const statementsOf = async (take: number) => {
            const before = log.statements.length
            const rows = await dishes.find({ take, order: { id: "ASC" } })
            return { rows, sent: log.statements.length - before }
        }
        const few = await statementsOf(3)
        const { rows, sent } = await statementsOf(4)
        expect(rows.map(({ slug }) => slug)).to.eql(["Soup", null, "Stew", "Tart"])
        expect(sent).to.equal(few.sent)
        const all = await dishes.find({ order: { id: "ASC" } })
        expect(all.map(({ slug }) => slug).slice(4)).to.eql(["Soup", "Stew", "Tart"])
        // Those of an insert are loaded between its statements.
        const [found] = await manager.save(Plate, [{ dish: { id: all[1]!.id } as Dish }])
        expect(found?.slug).to.equal("plate-of-Soup")
    })

    it("is shown as far as what it is made of was loaded", async () => {
        const { manager } = await database().connect([Brand, Model])
        const brand = await manager.save(Brand, { name: "Acme" })
        const { metadata } = manager.getRepository(Model)
        const column = manager.connection.driver.escape("brandId")
        await manager.query(
            `INSERT INTO ${tableName(metadata)} (name, ${column}) VALUES ('X 1', ${brand.id})`,
        )
        expect((await manager.find(Model))[0]?.slug).to.equal(null)
        const [model] = await manager.find(Model, { relations: { brand: true } })
        expect(model?.slug).to.equal("Acme-X-1")
        const [owner] = await manager.find(Brand, { relations: { models: true } })
        expect(owner?.models[0]?.slug).to.equal(null)
        const [selected] = await manager.find(Model, { select: { id: true, name: true } })
        expect(selected?.slug).to.equal(undefined)
        // Another row may have it by now.
        const taken = await manager.save(Model, { name: "X 1", brand })
        expect(taken.slug).to.equal("Acme-X-1")
        await manager.save(Model, Object.assign(model ?? {}, { name: "X 2" }))
        expect(await manager.findOneByOrFail(Model, { id: 1 })).to.include({ name: "X 2" })
        expect(await manager.findOneByOrFail(Model, { id: taken.id })).to.include({
            slug: "Acme-X-1",
        })
    })
})
