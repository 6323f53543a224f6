import { expect } from "chai"
import fc from "fast-check"
import { randomBytes } from "node:crypto"
import { inspect } from "node:util"
import { Column, type DataSource, Entity, PrimaryColumn, PrimaryGeneratedColumn } from "typeorm"
import {
    findByPseudoKey,
    InvalidOptionError,
    openKey,
    PseudoKey,
    resolvePseudoKey,
    type Secret,
    UnsupportedError,
} from "../../src"
import { sealOf } from "../../src/keys/sealed/seal"
import { onEveryDatabase, StatementLog } from "../support/databases"
import { expectRejects, expectThrows } from "../support/errors"

const SECRET = "of forty bytes, and no random ones, sure"
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

@Entity()
class OfInt {
    @PrimaryColumn({ type: "int" }) id!: number
    @PseudoKey({ prefix: "int", seal: { column: "id", secret: SECRET } }) key!: string
}

@Entity()
class OfBigint {
    @PrimaryColumn({ type: "bigint" }) id!: string
    @PseudoKey({ seal: { column: "id", secret: SECRET } }) key!: string
}

@Entity()
class OfUuid {
    @PrimaryGeneratedColumn("uuid") id!: string
    @PseudoKey({ prefix: "uuid", seal: { column: "id", secret: SECRET } }) key!: string
}

@Entity()
class OfSmallUuid {
    @PrimaryColumn("uuid") id!: string
    @PseudoKey({ seal: { column: "id", secret: SECRET } }) key!: string
}

/** The secret of a test. */
let secrets: readonly Secret[] = []
let reads = 0
const readSecrets = () => {
    reads += 1
    return secrets
}

@Entity()
class Rotated {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ prefix: "rot", seal: { column: "id", secret: readSecrets } }) key!: string
}

@Entity("thing")
class Thing {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: "" }) name!: string
    @PseudoKey({ seal: { column: "id", secret: SECRET } }) key!: string
}

/** Another class for the table, as a minifier makes it. */
@Entity("thing")
class T {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ seal: { column: "id", secret: SECRET } }) key!: string
}

@Entity("article")
class OfRenamedTable {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ seal: { column: "id", secret: SECRET, context: "thing" } }) key!: string
}

@Entity("article")
class WithoutContext {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ seal: { column: "id", secret: SECRET } }) key!: string
}

@Entity("parcel")
class Prefixed {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ prefix: "thing", seal: { column: "id", secret: SECRET } }) key!: string
}

@Entity("package")
class P {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ prefix: "thing", seal: { column: "id", secret: SECRET } }) key!: string
}

const integers = sealOf("integer", [SECRET], "Thing")
const uuids = sealOf("uuid", [SECRET], "Thing")

/** Everything that is nearly the key. */
function forgeries(key: string): string[] {
    const letters = [...key]
    const altered = letters.flatMap((own, at) =>
        [...ALPHABET].filter((c) => c !== own).map((c) => key.slice(0, at) + c + key.slice(at + 1)),
    )
    const swapped = letters.flatMap((own, at) => {
        const next = letters[at + 1]
        return next === undefined || next === own
            ? []
            : [key.slice(0, at) + next + own + key.slice(at + 2)]
    })
    return [
        // The last character has bits that mean nothing.
        ...altered,
        ...swapped,
        ...letters.map((_, at) => key.slice(0, at)),
        ...letters.map((_, at) => key.slice(at + 1)),
        ...[...ALPHABET, "=", "==", ".", "~"].flatMap((c) => [key + c, c + key]),
        key.toLowerCase(),
        key.toUpperCase(),
        key + key,
    ].filter((forged) => forged !== key)
}

describe("A sealed key", () => {
    it("is read as what it was made of, whatever that is", () => {
        fc.assert(
            fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (id) => {
                const key = integers.seal(id)
                expect(key).to.match(/^[\w-]{22}$/)
                expect(integers.open(key)).to.equal(id)
                expect(integers.seal(String(id))).to.equal(key)
            }),
        )
        for (const id of [0n, 1n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)])
            expect(integers.open(integers.seal(id))).to.equal(id)
        fc.assert(
            fc.property(fc.uuid(), (id) => {
                const key = uuids.seal(id)
                expect(key).to.match(/^[\w-]{27}$/)
                expect(uuids.open(key)).to.equal(id)
                expect(uuids.seal(id.toUpperCase())).to.equal(key)
            }),
        )
    })

    it("has nothing in common with that of the next row", () => {
        const keys = Array.from({ length: 500 }, (_, id) => integers.seal(BigInt(id)))
        expect(new Set(keys)).to.have.length(500)
        for (let at = 0; at < 22; at += 1)
            expect(new Set(keys.map((key) => key[at])).size, String(at)).to.be.above(
                at < 21 ? 50 : 3,
            )
    })

    it("is refused when anything of it is altered", () => {
        for (const [seal, id] of [
            [integers, 42n],
            [uuids, "3f2504e0-4f89-41d3-9a0c-0305e82c3301"],
        ] as const) {
            const key = seal.seal(id)
            for (const forged of forgeries(key))
                expect(seal.open(forged), forged).to.equal(undefined)
            expect(seal.open(key)).to.equal(id)
        }
    })

    it("is one of its entity, type and secret alone", () => {
        const others = [
            sealOf("integer", [SECRET], "Things"),
            sealOf("integer", [SECRET], "thing"),
            sealOf("integer", [`${SECRET}.`], "Thing"),
            uuids,
        ]
        for (const other of others)
            for (const id of [0n, 1n, 2n ** 40n]) {
                expect(other.open(integers.seal(id))).to.equal(undefined)
                if (other !== uuids) expect(integers.open(other.seal(id))).to.equal(undefined)
            }
    })

    it("is made of nothing else than such a primary key", () => {
        const uuid = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
        for (const id of [0, -1, 2 ** 53 - 1, "7", "-7", 7n, 2n ** 63n - 1n, -(2n ** 63n)])
            expect(integers.accepts(id), String(id)).to.equal(true)
        for (const id of [uuid, uuid.toUpperCase()]) expect(uuids.accepts(id), id).to.equal(true)
        const none = [undefined, null, true, {}, [], NaN, Infinity, 1.5, "", " ", "x"]
        const large = [2n ** 63n, -(2n ** 63n) - 1n, "9223372036854775808", "-9223372036854775809"]
        for (const id of [
            ...none,
            ...large,
            2 ** 53,
            "1.5",
            "1e3",
            "0x1",
            " 1",
            "1 ",
            "+1",
            "1\n2",
        ])
            expect(integers.accepts(id), inspect(id)).to.equal(false)
        const hex = uuid.replaceAll("-", "")
        for (const id of [...none, 7, hex, `${uuid}0`, `0${uuid}`, `{${uuid}}`, uuid.slice(1)])
            expect(uuids.accepts(id), inspect(id)).to.equal(false)
        // What is not asked before makes none either, and leaves the next ones as they are.
        for (const id of [`${uuid}0f`, "3f"]) expect(() => uuids.seal(id)).to.throw(RangeError)
        expect(uuids.open(uuids.seal(uuid))).to.equal(uuid)
    })

    it("is the same for the same secret as text and as bytes", () => {
        const bytes = sealOf("integer", [new TextEncoder().encode(SECRET)], "Thing")
        expect(bytes.seal(1n)).to.equal(integers.seal(1n))
    })

    it("does not change from version to version", () => {
        expect(integers.seal(1n)).to.equal("RzqZo9sWcODxUO0WzAByrw")
        expect(uuids.seal("3f2504e0-4f89-41d3-9a0c-0305e82c3301")).to.equal(
            "hUqGiHHOWPJ9GhZmE8F9jT8t58A",
        )
    })
})

describe("A secret", () => {
    const declare = (secret: unknown) => {
        class Row {
            key!: string
        }
        const seal = { column: "id", secret: secret as Secret }
        PseudoKey({ seal } as object)(Row.prototype, "key")
    }

    it("of less than 32 bytes is refused, without showing it", () => {
        for (const weak of ["", "hush".repeat(7), "é".repeat(15), new Uint8Array(31)])
            for (const secret of [weak, [weak], ["x".repeat(32), weak]]) {
                expectThrows(() => declare(secret), InvalidOptionError, "Row.key", "32", "random")
                try {
                    declare(secret)
                } catch (error) {
                    expect(String(error)).not.to.match(/hush|é|0,0/)
                }
            }
        // Characters of several bytes count as these.
        for (const strong of ["x".repeat(32), "é".repeat(16), new Uint8Array(32), randomBytes(64)])
            declare(strong)
    })

    it("that is none is refused", () => {
        for (const none of [undefined, null, 7, {}, [], [undefined]])
            expectThrows(() => declare(none), InvalidOptionError, "Row.key", "seal.secret")
    })
})

onEveryDatabase("Sealed keys", (database) => {
    const log = new StatementLog()
    const open = (entities: object[], options = {}): Promise<DataSource> =>
        database().connect(entities as never[], { logger: log, ...options })

    it("lead to rows whose primary keys are of all types", async () => {
        const { manager } = await open([OfInt, OfBigint, OfUuid, OfSmallUuid])
        const exact = database().kind === "postgres" || database().kind === "mariadb"
        const large = exact
            ? ["9007199254740993", "9223372036854775807", "-9223372036854775808"]
            : ["9007199254740991"]
        for (const id of [0, 1, -1, 2 ** 31 - 1]) {
            const row = await manager.save(OfInt, { id })
            expect(row.key).to.match(/^int_[\w-]{22}$/)
            expect((await findByPseudoKey(manager, OfInt, row.key))?.id).to.equal(id)
        }
        for (const id of ["1", "2", ...large]) {
            const row = await manager.save(OfBigint, { id })
            expect(row.key).to.match(/^[\w-]{22}$/)
            const found = await findByPseudoKey(manager, OfBigint, row.key)
            expect(String(found?.id)).to.equal(id)
            expect(found?.key).to.equal(row.key)
        }
        for (const row of await manager.save(OfUuid, [{}, {}])) {
            expect(row.key).to.match(/^uuid_[\w-]{27}$/)
            expect(await findByPseudoKey(manager, OfUuid, row.key)).to.eql(row)
        }
        const uuid = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
        const row = await manager.save(OfSmallUuid, { id: uuid })
        expect(row.key).to.match(/^[\w-]{27}$/)
        expect(await findByPseudoKey(manager, OfSmallUuid, row.key)).to.include({ id: uuid })
    })

    it("of an int8 are read as its text, and of an interval are refused", async () => {
        if (database().kind !== "postgres") return
        @Entity()
        class OfInt8 {
            @PrimaryColumn({ type: "int8" }) id!: string
            @PseudoKey({ seal: { column: "id", secret: SECRET } }) key!: string
        }
        @Entity()
        class OfInterval {
            @PrimaryColumn({ type: "interval" }) id!: object
            @PseudoKey({ seal: { column: "id", secret: SECRET } }) key!: string
        }
        const dataSource = await open([OfInt8])
        const { id, key } = await dataSource.manager.save(OfInt8, { id: "9007199254740993" })
        expect(openKey(dataSource, OfInt8, key)).to.equal(id)
        await expectRejects(open([OfInterval]), UnsupportedError, "OfInterval.key", "interval")
    })

    it("are refused without a query when they are altered", async () => {
        const { manager } = await open([OfInt, OfUuid])
        const rows = [
            [OfInt, (await manager.save(OfInt, { id: 5 })).key],
            [OfUuid, (await manager.getRepository(OfUuid).save({})).key],
        ] as const
        for (const [entity, key] of rows) {
            const prefix = key.slice(0, key.indexOf("_") + 1)
            log.statements.length = 0
            for (const forged of forgeries(key.slice(prefix.length)))
                expect(await findByPseudoKey(manager, entity, prefix + forged)).to.equal(null)
            for (const forged of forgeries(prefix).filter((other) => other !== prefix))
                expect(
                    await findByPseudoKey(manager, entity, forged + key.slice(prefix.length)),
                ).to.equal(null)
            expect(log.statements).to.eql([])
            expect(await findByPseudoKey(manager, entity, key)).to.include({ key })
        }
    })

    it("of one entity are refused by another with the same secret", async () => {
        const { manager } = await open([OfInt, OfBigint, Thing])
        const { key: ofInt } = await manager.save(OfInt, { id: 1 })
        const { key: ofBigint } = await manager.save(OfBigint, { id: "1" })
        const { key: ofThing } = await manager.getRepository(Thing).save({})
        const content = ofInt.slice("int_".length)
        expect(new Set([content, ofBigint, ofThing])).to.have.length(3)
        log.statements.length = 0
        for (const key of [ofInt, content, ofThing])
            expect(await findByPseudoKey(manager, OfBigint, key)).to.equal(null)
        for (const key of [ofInt, content, ofBigint])
            expect(await findByPseudoKey(manager, Thing, key)).to.equal(null)
        for (const key of [ofBigint, ofThing])
            for (const text of [key, `int_${key}`])
                expect(await findByPseudoKey(manager, OfInt, text)).to.equal(null)
        expect(log.statements).to.eql([])
    })

    it("are made with the first secret, and read with all of them", async () => {
        const [old, recent] = [randomBytes(32), randomBytes(32).toString("hex")]
        secrets = [old]
        reads = 0
        const before = await open([Rotated])
        expect(reads).to.be.at.least(1)
        const { id, key } = await before.manager.getRepository(Rotated).save({})
        const read = async (dataSource: DataSource, text: string) => {
            const found = await resolvePseudoKey<Rotated>(dataSource, text)
            return found && { ...found, row: found.row.id }
        }
        const now = { row: id, entity: "Rotated", key, isRetired: false }
        expect(await read(before, key)).to.eql(now)

        secrets = [recent, old]
        const both = await open([Rotated], { sameAs: before, synchronize: false })
        const loaded = await findByPseudoKey(both.manager, Rotated, key)
        expect(loaded?.id).to.equal(id)
        const current = loaded?.key ?? ""
        expect(current).not.to.equal(key)
        expect(await read(both, key)).to.eql({ ...now, key: current, isRetired: true })
        expect(await read(both, current)).to.eql({ ...now, key: current })
        const retired = { retired: false }
        log.statements.length = 0
        expect(await findByPseudoKey(both.manager, Rotated, key, retired)).to.equal(null)
        expect(log.statements).to.eql([])
        expect(await findByPseudoKey(both.manager, Rotated, current, retired)).to.include({ id })
        // The data source that was there before goes on with what it has.
        expect(await read(before, key)).to.eql(now)
        expect(await read(before, current)).to.equal(null)

        secrets = [recent]
        const after = await open([Rotated], { sameAs: before, synchronize: false })
        log.statements.length = 0
        expect(await read(after, key)).to.equal(null)
        expect(log.statements).to.eql([])
        expect(await read(after, current)).to.eql({ ...now, key: current })
    })

    it("are refused when a function gives a weak secret", async () => {
        secrets = ["too-short-to-be-one"]
        const attempt = open([Rotated])
        await expectRejects(attempt, InvalidOptionError, "Rotated.key", "32")
        await attempt.catch((error) => expect(String(error)).not.to.include(secrets[0]))
        secrets = []
        await expectRejects(open([Rotated]), InvalidOptionError, "Rotated.key", "seal.secret")
    })

    /** What an entity reads a key as, in a table with the rows 1 and 2. */
    async function readBy(entity: new () => { key: string }, key: string) {
        const { manager } = await open([entity])
        const [, second] = await manager.getRepository(entity).save([{}, {}])
        const found = await findByPseudoKey(manager, entity, key)
        return { found: found === null ? null : (found as unknown as { id: number }).id, second }
    }

    it("are bound to the table, not to the name of the class", async () => {
        const { second } = await readBy(Thing, "")
        const { key } = second!
        expect((await readBy(T, key)).found).to.equal(2)
        expect((await readBy(OfRenamedTable, key)).found).to.equal(2)
        expect((await readBy(WithoutContext, key)).found).to.equal(null)
    })

    it("are bound to the prefix where there is one, which no table is taken for", async () => {
        const { second } = await readBy(Prefixed, "")
        const { key } = second!
        expect((await readBy(P, key)).found).to.equal(2)
        expect((await readBy(Thing, key.slice("thing_".length))).found).to.equal(null)
    })

    it("are the same whether or not the schema is named that the connection looks in", async () => {
        if (database().kind !== "postgres") return
        const named = await open([Thing])
        const { schema } = named.options as { schema?: string }
        const { id, key } = await named.manager.getRepository(Thing).save({})
        const extra = { options: `-c search_path=${schema!}` }
        const found = await open([Thing], { sameAs: named, schema: undefined, extra } as object)
        expect(await findByPseudoKey(found.manager, Thing, key)).to.include({ id, key })
    })
})
