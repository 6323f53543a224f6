import { expect } from "chai"
import {
    ChildEntity,
    Column,
    DeleteDateColumn,
    Entity,
    EntitySchema,
    JoinColumn,
    ManyToOne,
    PrimaryGeneratedColumn,
    TableInheritance,
} from "typeorm"
import {
    findByPseudoKey,
    InvalidOptionError,
    PseudoKey,
    regenerateKey,
    RowNotFoundError,
    TransactionRequiredError,
    UnsupportedError,
    withPseudoKeys,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { storedRows } from "../support/errors"
import { expectLeads, refused } from "./history-entities"

@Entity()
class Author {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
}

/** Follows with a history, of itself and of another row. */
@Entity()
class Post {
    @PrimaryGeneratedColumn() id!: number
    @Column() title!: string
    @Column({ default: 0 }) views!: number
    @Column({ type: "int", nullable: true }) authorId?: number | null
    @ManyToOne(() => Author, { nullable: true })
    @JoinColumn({ name: "authorId" })
    author?: Author | null
    @DeleteDateColumn() deletedAt?: Date | null

    @PseudoKey({
        derive: {
            from: (post: Post) => [post.title, post.author?.name].filter(Boolean).join(" by "),
            follow: true,
        },
        relations: ["author"],
        history: true,
    })
    slug!: string
}

/** Follows without a history, within a scope. */
@Entity()
class Room {
    @PrimaryGeneratedColumn() id!: number
    @Column() floor!: number
    @Column() name!: string
    @Column({ default: 0, select: false }) size!: number
    @PseudoKey({ derive: { from: (room: Room) => room.name, follow: true }, uniqueWith: "floor" })
    slug!: string
    @PseudoKey({ prefix: "room" }) publicId!: string
}

/** Has no key yet as long as it has no name. */
@Entity()
class Draft {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "varchar", nullable: true }) name?: string | null
    @Column({ default: 0 }) size!: number
    @PseudoKey({ derive: (draft: Draft) => draft.name ?? null, nullable: true, history: true })
    slug!: string | null
}

@Entity()
@TableInheritance({ column: { type: "varchar", name: "kind" } })
abstract class Vehicle {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
}

@ChildEntity()
class Car extends Vehicle {
    @PseudoKey({
        derive: { from: (car: Car) => car.name, follow: true },
        history: true,
        nullable: true,
    })
    slug!: string
}

@ChildEntity()
class Van extends Vehicle {}

interface Note {
    id: number
    text: string
    slug: string
}

const NoteEntity = withPseudoKeys(
    new EntitySchema<Note>({
        name: "note",
        columns: {
            id: { type: "int", primary: true, generated: true },
            text: { type: "varchar" },
        },
    }),
    { slug: { derive: { from: (note: Note) => note.text, follow: true }, history: true } },
)

const entities = [Author, Post, Room, Draft, Vehicle, Car, Van, NoteEntity]

onEveryDatabase("A derived key that follows", (database) => {
    it("changes with what it is made of, and its former ones lead to the row", async () => {
        const { manager } = await database().connect(entities, { emptied: true })
        const [ada, bob] = await manager.save(Author, [{ name: "Ada" }, { name: "Bob" }])
        const posts = manager.getRepository(Post)
        const post = await posts.save({ title: "Tea", author: ada! })
        expect(post.slug).to.equal("tea-by-ada")
        post.title = "Green tea"
        await posts.save(post)
        expect(post.slug).to.equal("green-tea-by-ada")
        await posts.save({ id: post.id, authorId: bob!.id })
        await expectLeads(manager, Post, {
            "tea-by-ada": post.id,
            "green-tea-by-ada": post.id,
            "green-tea-by-bob": post.id,
        })
        const found = await findByPseudoKey(posts, "tea-by-ada")
        expect(found).to.include({ slug: "green-tea-by-bob", title: "Green tea" })
        // Another row goes round all of them.
        const other = await posts.save({ title: "Tea", author: ada! })
        expect(other.slug).to.equal("tea-by-ada-2")
        // Its own it may have again.
        await posts.save({ id: post.id, title: "Tea", author: { id: ada!.id } })
        await expectLeads(manager, Post, { "tea-by-ada": post.id, "tea-by-ada-2": other.id })
        expect((await posts.findOneByOrFail({ id: post.id })).slug).to.equal("tea-by-ada")
        await posts.softRemove(post)
        await posts.save({ id: post.id, title: "Coffee", author: null })
        expect(
            (await posts.findOneOrFail({ where: { id: post.id }, withDeleted: true })).slug,
        ).to.equal("coffee")
    })

    it("stays where other things change, and where it would be written in the same way", async () => {
        const { manager } = await database().connect(entities, { emptied: true })
        const posts = manager.getRepository(Post)
        const [, post] = await posts.save([{ title: "Tea" }, { title: "Tea" }])
        expect(post!.slug).to.equal("tea-2")
        for (const change of [{ views: 3 }, { title: "Tea!" }, { title: "TEA" }]) {
            await posts.save({ id: post!.id, ...change })
            expect((await posts.findOneByOrFail({ id: post!.id })).slug).to.equal("tea-2")
        }
        await posts.update(post!.id, { views: 4 })
        // What is set goes before.
        await posts.save({ id: post!.id, title: "Coffee", slug: "mine" })
        await expectLeads(manager, Post, { mine: post!.id, "tea-2": post!.id, coffee: null })
    })

    it("is refused where nobody tells which rows change, before anything is written", async () => {
        const { manager } = await database().connect(entities, { emptied: true })
        const rooms = manager.getRepository(Room)
        const room = await rooms.save({ floor: 1, name: "Main" })
        const before = await storedRows(rooms)
        await refused(rooms.update(room.id, { name: "Small" }), UnsupportedError)
        const builder = rooms.createQueryBuilder().update().set({ name: "Small" })
        await refused(builder.where({ id: room.id }).execute(), UnsupportedError)
        const upserted = { id: room.id, floor: 1, name: "Small", publicId: room.publicId }
        await refused(rooms.upsert(upserted, ["id"]), UnsupportedError)
        await refused(
            rooms.save({ id: room.id, name: "Small" }, { transaction: false }),
            TransactionRequiredError,
        )
        expect(await storedRows(rooms)).to.eql(before)
        await rooms.update(room.id, { floor: 2, size: 3 })
        await rooms.update(room.id, { name: "Small", slug: "small" })
    })

    it("is unique within its scope, and is made anew where the row moves", async () => {
        const { manager } = await database().connect(entities, { emptied: true })
        const rooms = manager.getRepository(Room)
        const [a, b, c] = await rooms.save([
            { floor: 1, name: "Main" },
            { floor: 2, name: "Main" },
            { floor: 2, name: "Side" },
        ])
        await rooms.save({ id: c!.id, name: "Main" })
        await rooms.save({ id: a!.id, floor: 2 })
        const stored = await rooms.find({ order: { id: "ASC" } })
        expect(stored.map(({ floor, slug }) => [floor, slug])).to.eql([
            [2, "main-3"],
            [2, "main"],
            [2, "main-2"],
        ])
        expect(stored[1]!.publicId).to.equal(b!.publicId)
    })

    it("is made when there is something to make it of, and is not made of what it was", async () => {
        const { manager } = await database().connect(entities, { emptied: true })
        const drafts = manager.getRepository(Draft)
        const draft = await drafts.save({})
        expect(draft.slug).to.equal(null)
        await drafts.save({ id: draft.id, size: 3 })
        await drafts.save({ id: draft.id, name: "Plan" })
        await expectLeads(manager, Draft, { plan: draft.id })
        await drafts.save({ id: draft.id, name: "Other plan" })
        await drafts.save({ id: draft.id, slug: null })
        await drafts.save({ id: draft.id, size: 4 })
        expect(await drafts.findOneByOrFail({ id: draft.id })).to.include({ size: 4 })
        const [raw] = await storedRows(drafts)
        expect(Object.values(raw as object)).to.include(null)
        await drafts.save({ id: draft.id, slug: "" })
        await expectLeads(manager, Draft, { "other-plan": draft.id, plan: draft.id })
    })

    it("follows in classes of one table, and in schemas", async () => {
        const { manager } = await database().connect(entities, { emptied: true })
        const car = await manager.save(Car, { name: "Beetle" })
        await manager.save(Van, { name: "Bulli" })
        await manager.save(Car, Object.assign(car, { name: "Bug" }))
        await expectLeads(manager, Car, { bug: car.id, beetle: car.id })
        const notes = manager.getRepository(NoteEntity)
        const note = await notes.save({ text: "One" })
        await notes.save({ id: note.id, text: "Two" })
        await expectLeads(manager, NoteEntity, { one: note.id, two: note.id })
    })

    it("is on the entity as it was when the transaction is rolled back", async () => {
        const { manager } = await database().connect(entities, { emptied: true })
        const posts = manager.getRepository(Post)
        const post = await posts.save({ title: "Tea" })
        const asked = await posts.save({ title: "Ask", slug: "mine" })
        await manager
            .transaction(async (inner) => {
                await inner.save(Post, Object.assign(post, { title: "Coffee" }))
                await inner.save(Post, Object.assign(asked, { slug: "" }))
                expect([post.slug, asked.slug]).to.eql(["coffee", "ask"])
                throw new Error("roll back")
            })
            .catch(() => undefined)
        expect([post.slug, asked.slug]).to.eql(["tea", ""])
        await expectLeads(manager, Post, { tea: post.id, coffee: null, mine: asked.id, ask: null })
        await posts.save([post, asked])
        await expectLeads(manager, Post, { tea: post.id, coffee: post.id, ask: asked.id })
    })

    it("of many writers at once are all different, and nobody fails", async () => {
        const { dataSource, manager } = await connectParallel()
        const posts = dataSource.getRepository(Post)
        const rooms = dataSource.getRepository(Room)
        const rows = await posts.save(Array.from({ length: 32 }, (_, at) => ({ title: `p${at}` })))
        const halls = await rooms.save(
            Array.from({ length: 32 }, (_, at) => ({ floor: 1, name: `r${at}` })),
        )
        await Promise.all([
            ...rows.map((row) => posts.save({ id: row.id, title: "Same" })),
            ...halls.map((row) => rooms.save({ id: row.id, name: "Same" })),
        ])
        for (const stored of [await posts.find(), await rooms.find()]) {
            const slugs = stored.map(({ slug }) => slug)
            expect(new Set(slugs).size).to.equal(32)
            for (const slug of slugs) expect(slug).to.match(/^same(-\d+)?$/)
            expect(slugs).to.include("same")
        }
        await expectLeads(manager, Post, { p7: rows[7]!.id })
    })

    async function connectParallel() {
        const dataSource = await database().connect(entities, { emptied: true })
        return { dataSource, manager: dataSource.manager }
    }
})

onEveryDatabase("A key that is made again", (database) => {
    it("is asked for by nothing in its place, or by its name", async () => {
        const { manager } = await database().connect(entities, { emptied: true })
        const rooms = manager.getRepository(Room)
        const room = await rooms.save({ floor: 1, name: "Main", slug: "mine" })
        const { publicId } = room
        await rooms.save({ id: room.id, publicId: null as never })
        const second = (await rooms.findOneByOrFail({ id: room.id })).publicId
        expect(second)
            .to.match(/^room_.{21}$/)
            .and.not.equal(publicId)
        const row = await rooms.findOneByOrFail({ id: room.id })
        row.name = "unsaved"
        const third = await regenerateKey(rooms, row, { property: "publicId" })
        expect(third).to.equal(row.publicId).and.not.equal(second)
        expect(await regenerateKey(manager, row, { property: "slug" })).to.equal("main")
        expect(await rooms.findOneByOrFail({ id: room.id })).to.include({
            ...{ name: "Main", publicId: third, slug: "main" },
        })
        // It is the row's own already.
        expect(await regenerateKey(manager, row, { property: "slug" })).to.equal("main")
    })

    it("retires the one before, of schemas as well, and goes with the transaction", async () => {
        const { manager } = await database().connect(entities, { emptied: true })
        const posts = manager.getRepository(Post)
        const post = await posts.save(Object.assign(new Post(), { title: "Tea", slug: "mine" }))
        await manager
            .transaction(async (inner) => {
                expect(await regenerateKey(inner, post)).to.equal("tea")
                throw new Error("roll back")
            })
            .catch(() => undefined)
        expect(post.slug).to.equal("mine")
        await expectLeads(manager, Post, { mine: post.id, tea: null })
        await posts.softRemove(post)
        expect(await regenerateKey(manager, post)).to.equal("tea")
        const note = await manager.save(NoteEntity, { text: "One", slug: "1" })
        expect(await regenerateKey(manager, NoteEntity, note)).to.equal("one")
        await expectLeads(manager, NoteEntity, { one: note.id, 1: note.id })
        const draft = await manager.save(Draft, { slug: "x" })
        expect(await regenerateKey(manager.getRepository(Draft), draft)).to.equal(null)
        await expectLeads(manager, Draft, { x: draft.id })
    })

    it("is refused for what is no stored row, and for what has no key", async () => {
        const { manager } = await database().connect(entities, { emptied: true })
        const post = await manager.save(Object.assign(new Post(), { title: "Tea" }))
        await manager.delete(Post, post.id)
        const before = await storedRows(manager.getRepository(Post))
        await refused(regenerateKey(manager, post), RowNotFoundError)
        await refused(regenerateKey(manager, Post, { title: "x" } as Post), RowNotFoundError)
        expect(await storedRows(manager.getRepository(Post))).to.eql(before)
        const author = await manager.save(Object.assign(new Author(), { name: "Ada" }))
        await refused(regenerateKey(manager, author), InvalidOptionError)
        await refused(regenerateKey(manager, new Room()), InvalidOptionError)
        for (const row of [undefined, 7, {}])
            await refused(regenerateKey(manager, row as never), InvalidOptionError)
    })
})
