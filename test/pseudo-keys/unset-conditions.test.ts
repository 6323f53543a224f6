import { expect } from "chai"
import {
    And,
    Any,
    Between,
    Column,
    type DataSource,
    Entity,
    Equal,
    type EntityManager,
    type EntityTarget,
    type FindOperator,
    In,
    IsNull,
    LessThan,
    Like,
    ManyToOne,
    MoreThan,
    Not,
    type ObjectLiteral,
    Or,
    PrimaryColumn,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    findByPseudoKey,
    findByPseudoKeyOrFail,
    InvalidOptionError,
    PseudoKey,
    resolvePseudoKey,
    wherePseudoKey,
} from "../../src"
import { onEveryDatabase, StatementLog } from "../support/databases"
import { expectRejects } from "../support/errors"

const secret = "a secret of forty characters, for tests."

@Entity()
class Group {
    @PrimaryColumn({ type: "int" }) id!: number
}

@Entity()
class Tenant {
    @PrimaryColumn({ type: "int" }) id!: number
    @Column({ default: "" }) name!: string
    @ManyToOne(() => Group) group!: Group
}

class Place {
    @Column({ default: "Bern" }) city!: string
}

abstract class Owned {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: "tea" }) name!: string
    @Column({ type: "int", nullable: true }) tenantId!: number | null
    @Column({ type: Date }) bornAt!: Date
    @ManyToOne(() => Tenant) tenant!: Tenant
    @Column(() => Place) place!: Place
}

@Entity()
class Draft extends Owned {
    @PseudoKey({ prefix: "dra" }) key!: string
}

@Entity()
class Essay extends Owned {
    @PseudoKey({ prefix: "ess", history: true }) key!: string
}

@Entity()
class Sheet extends Owned {
    @PseudoKey({ prefix: "she", seal: { column: "id", secret } }) key!: string
}

/** Keys that are unique within a tenant, which may be missing, or within one that is a row. */
@Entity()
class Page extends Owned {
    @PseudoKey({ uniqueWith: "tenantId", history: true }) key!: string
}

@Entity()
class Leaf extends Owned {
    @PseudoKey({ uniqueWith: "tenant" }) key!: string
}

const KEYED: EntityTarget<Owned & { key: string }>[] = [Draft, Essay, Sheet]
const ENTITIES = [Group, Tenant, Draft, Essay, Sheet, Page, Leaf]
const BORN_AT = new Date("2020-02-20T12:00:00Z")

const withoutPrototype = (properties: object): unknown =>
    Object.assign(Object.create(null) as object, properties)

/** As an application has them whose request knows no tenant. */
const UNSET: Record<string, unknown> = {
    "a column": { tenantId: undefined },
    "a column that is null": { tenantId: null },
    "a column beside others": { name: "tea", tenantId: undefined },
    "a relation": { tenant: undefined },
    "a relation that is null": { tenant: null },
    "a column of a relation": { tenant: { id: undefined } },
    "a column of a relation that is null": { tenant: { id: null } },
    "a column of a relation, beside others": { tenant: { name: "", id: undefined } },
    "a column two relations away": { tenant: { group: { id: undefined } } },
    "one of several conditions": [{ tenantId: 8 }, { tenantId: undefined }],
    "one of several conditions for a relation": { tenant: [{ id: 8 }, { id: undefined }] },
    "a column of an embedded entity": { place: { city: undefined } },
    "an instance of a class": Object.assign(new Draft(), { tenantId: undefined }),
    "the instance of a related class": { tenant: new Tenant() },
    "an object without a prototype": withoutPrototype({ tenantId: undefined }),
    "a nested object without a prototype": { tenant: withoutPrototype({ id: undefined }) },
}

/** What TypeORM makes no condition of. */
const EMPTY: Record<string, unknown> = {
    "nothing for a relation": { tenant: {} },
    "nothing for a relation, without a prototype": { tenant: withoutPrototype({}) },
    "no condition for a relation": { tenant: [] },
    "one empty condition for a relation": { tenant: [{}] },
    "nothing two relations away": { tenant: { group: {} } },
    "nothing for an embedded entity": { place: {} },
    "a number for a relation": { tenant: 8 },
    "a date for a relation": { tenant: BORN_AT },
    "a number for an embedded entity": { place: 8 },
    null: null,
    false: false,
    true: true,
    "a number": 8,
    "a function": () => ({ tenantId: 8 }),
    "an operator": Equal(8),
    "a list with nothing in it": [undefined],
    "a list with a number in it": [8],
}

const unset = undefined as unknown as number
const OPERATORS: Record<string, FindOperator<unknown>> = {
    Equal: Equal(unset),
    Not: Not(unset),
    "Not, Equal": Not(Equal(unset)),
    In: In([unset]),
    "Not, In": Not(In([unset])),
    Any: Any([unset]),
    Between: Between(unset, 100),
    LessThan: LessThan(unset),
    "Not, MoreThan": Not(MoreThan(unset)),
    Like: Like(unset as unknown as string),
    Or: Or(Equal(8), Equal(unset)),
    And: And(Equal(unset), Not(unset)),
    "Equal to null": Equal(null as unknown as number),
    "Not null": Not(null as unknown as number),
}

onEveryDatabase("A condition that is not set", (database) => {
    const log = new StatementLog()
    let dataSource: DataSource
    let manager: EntityManager

    async function connect(): Promise<void> {
        dataSource = await database().connect(ENTITIES, { emptied: true, logger: log })
        manager = dataSource.manager
        await manager.save(Group, { id: 3 })
        await manager.save(Tenant, { id: 7, group: { id: 3 } })
    }

    function row<Row extends Owned>(entity: EntityTarget<Row>): Promise<Row> {
        return manager.save(entity, {
            tenantId: 7,
            tenant: { id: 7 },
            bornAt: BORN_AT,
            place: {},
        } as never) as unknown as Promise<Row>
    }

    /** By every way to look for a row. */
    function attempts(
        entity: EntityTarget<ObjectLiteral>,
        key: string,
        where: unknown,
    ): Promise<unknown>[] {
        const options = { where: where as ObjectLiteral }
        return [
            findByPseudoKey(manager, entity, key, options),
            findByPseudoKey(manager.getRepository(entity), key, options),
            findByPseudoKeyOrFail(manager, entity, key, options),
            resolvePseudoKey(dataSource, key, { entity, ...options }),
            Promise.resolve().then(() =>
                manager.findOneBy(entity, wherePseudoKey(manager, entity, key, options)),
            ),
        ]
    }

    for (const [title, conditions] of [
        ["is refused", UNSET],
        ["is refused where TypeORM would leave it out by itself", EMPTY],
    ] as const)
        it(title, async () => {
            await connect()
            const leaks: string[] = []
            for (const entity of KEYED) {
                const { key } = await row(entity)
                log.statements.length = 0
                for (const [what, where] of Object.entries(conditions))
                    for (const attempt of attempts(entity, key, where)) {
                        const [result] = await Promise.allSettled([attempt])
                        const isRefused =
                            result.status === "rejected" &&
                            result.reason instanceof InvalidOptionError
                        const { name } = manager.getRepository(entity).metadata
                        if (!isRefused) leaks.push(`${what}: ${name}`)
                    }
                expect([...new Set(leaks)]).to.eql([])
                expect(log.statements).to.eql([])
            }
        })

    it("is named in the refusal, and its value is not", async () => {
        await connect()
        const { key } = await row(Draft)
        const where = { name: "a secret", tenant: { group: { id: unset } } }
        const error: Error = await findByPseudoKey(manager, Draft, key, { where }).then(
            () => expect.fail("found"),
            (reason: Error) => reason,
        )
        expect(error.message).to.include("tenant.group.id").and.not.include("a secret")
    })

    it("leads to no row inside an operator", async () => {
        await connect()
        for (const entity of KEYED) {
            const { key } = await row(entity)
            for (const [what, operator] of Object.entries(OPERATORS))
                for (const where of [
                    { tenantId: operator },
                    { tenant: operator },
                    { tenant: { id: operator } },
                ]) {
                    // Drivers and TypeORM refuse some of them.
                    const results = await Promise.allSettled(attempts(entity, key, where))
                    for (const result of results)
                        if (result.status === "fulfilled")
                            expect(result.value, `${what} ${JSON.stringify(where)}`).to.equal(null)
                }
        }
    })

    it("is no longer one when it has a value, an operator or a date", async () => {
        await connect()
        for (const entity of KEYED) {
            const { key, id } = await row(entity)
            const found = async (where: object) =>
                (await findByPseudoKey(manager, entity, key, { where }))?.id === id
            for (const where of [
                {},
                { bornAt: BORN_AT },
                { bornAt: LessThan(new Date()) },
                { tenantId: Not(IsNull()) },
                { tenant: { id: 7 } },
                { tenant: Equal(7) },
                { tenant: Not(IsNull()) },
                { tenant: [{ id: 8 }, { group: { id: 3 } }] },
                { tenant: { group: Object.assign(new Group(), { id: 3 }) } },
                { place: { city: "Bern" } },
                withoutPrototype({ tenantId: 7 }) as object,
                [{ tenantId: 8 }, { tenant: withoutPrototype({ id: 7 }) }],
            ])
                expect(await found(where), JSON.stringify(where)).to.equal(true)
            for (const where of [
                { bornAt: new Date() },
                { tenantId: IsNull() },
                { tenant: { id: 8 } },
                { tenant: IsNull() },
                { tenant: [{ id: 8 }, { group: { id: 4 } }] },
                { tenant: { group: Object.assign(new Group(), { id: 4 }) } },
                { place: { city: "Basel" } },
                withoutPrototype({ tenantId: 8 }) as object,
                Object.create({ tenantId: 8 }) as object,
                [],
            ])
                expect(await found(where), JSON.stringify(where)).to.equal(false)
        }
    })

    it("is one that the scope of a key may have", async () => {
        await connect()
        const ofTenant = await row(Page)
        const where = { tenantId: null as unknown as number }
        expect(await findByPseudoKey(manager, Page, ofTenant.key, { where })).to.equal(null)
        const ofNobody = await manager.save(Page, {
            ...{ key: ofTenant.key, tenantId: null, bornAt: BORN_AT, place: {} },
        })
        expect(await findByPseudoKey(manager, Page, ofTenant.key, { where })).to.include({
            id: ofNobody.id,
        })
        for (const others of [{ name: unset }, { tenant: { id: unset } }, { tenant: {} }])
            for (const attempt of attempts(Page, ofTenant.key, { ...where, ...others }))
                await expectRejects(attempt, InvalidOptionError)
        for (const nobody of [{}, { tenantId: undefined }, [where, {}], undefined])
            for (const attempt of attempts(Page, ofTenant.key, nobody))
                await expectRejects(attempt, InvalidOptionError, "tenantId")
    })

    it("is one where the scope of a key is a row that is not given as one", async () => {
        await connect()
        const { key, id } = await row(Leaf)
        await manager.save(Tenant, { id: 8 })
        const other = { tenant: { id: 8 } }
        expect(await findByPseudoKey(manager, Leaf, key, { where: other })).to.equal(null)
        const where = { tenant: { id: 7 } }
        expect(await findByPseudoKey(manager, Leaf, key, { where })).to.include({ id })
        for (const tenant of [8, {}, { id: undefined }, new Tenant(), []])
            for (const attempt of attempts(Leaf, key, { tenant }))
                await expectRejects(attempt, InvalidOptionError)
    })
})
