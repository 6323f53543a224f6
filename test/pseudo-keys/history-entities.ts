import { KEY_ENTITY } from "../../src/declared/own-tables"
import { expect } from "chai"
import {
    ChildEntity,
    Column,
    type DataSource,
    DeleteDateColumn,
    Entity,
    type EntityManager,
    EntitySchema,
    type EntityTarget,
    type FindOptionsWhere,
    JoinColumn,
    ManyToOne,
    type ObjectLiteral,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    type Repository,
    TableInheritance,
} from "typeorm"
import {
    type AutoSequenceError,
    type AutoSequenceKey,
    findByPseudoKey,
    PseudoKey,
    wherePseudoKey,
    withPseudoKeys,
} from "../../src"
import { tableName } from "../../src/typeorm/names"
import { dataSourceOf } from "../../src/typeorm/compat"
import { rejection } from "../support/errors"

/** Keys without a history. */
@Entity()
export class Account {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @PseudoKey({ case: "keep", derive: (account: Account) => account.name }) handle!: string
    @PseudoKey({ prefix: "acc", select: false }) hidden!: string
    @PseudoKey({ prefix: "inv", nullable: true }) invitation!: string | null
}

@Entity()
export class Page {
    @PrimaryGeneratedColumn() id!: number
    @Column() title!: string
    @DeleteDateColumn() deletedAt!: Date | null
    @PseudoKey({ case: "keep", derive: (page: Page) => page.title, history: true }) slug!: string
}

/** Its key is unique within a floor alone, and has no history. */
@Entity()
export class Hall {
    @PrimaryGeneratedColumn() id!: number
    @Column() floor!: number
    @Column() name!: string
    @PseudoKey({ case: "keep", derive: (hall: Hall) => hall.name, uniqueWith: "floor" })
    slug!: string
}

/** A key that can be taken off a row. */
@Entity()
export class Link {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ prefix: "lnk", history: true, nullable: true }) publicId!: string | null
}

/** With what makes a statement fail, and what an upsert goes by. */
@Entity()
export class Item {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "varchar", length: 50, unique: true }) sku!: string
    @Column({ default: "" }) note!: string
    @PseudoKey({ prefix: "itm", history: true, select: false }) publicId!: string
}

@Entity()
export class Reserved {
    @PrimaryGeneratedColumn() id!: number
    @Column() title!: string
    @PseudoKey({ case: "keep", derive: (row: Reserved) => row.title, history: "forever" })
    slug!: string
}

@Entity()
export class Tenant {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
}

@Entity()
export class Article {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Tenant, { nullable: false, eager: true }) tenant!: Tenant
    @Column({ type: "varchar", length: 50, nullable: true, unique: true }) code!: string | null
    @PseudoKey({ uniqueWith: "tenant", history: true }) slug!: string
}

/** A row whose primary key is not made by the database. */
@Entity()
export class Country {
    @PrimaryColumn({ type: "varchar", length: 20 }) code!: string
    @Column({ default: "" }) name!: string
    @PseudoKey({ history: true }) slug!: string
}

@Entity()
export class ReservedCountry {
    @PrimaryColumn({ type: "varchar", length: 20 }) code!: string
    @PseudoKey({ history: "forever" }) slug!: string
}

@Entity()
export class Uuid {
    @PrimaryGeneratedColumn("uuid") id!: string
    @PseudoKey({ history: true }) slug!: string
}

/** Not on SQLite, which has no such type. */
@Entity()
export class GivenUuid {
    @PrimaryColumn({ type: "uuid" }) id!: string
    @PseudoKey({ history: true }) slug!: string
}

@Entity()
export class Big {
    @PrimaryColumn({ type: "bigint" }) id!: string
    @PseudoKey({ history: true }) slug!: string
}

@Entity()
export class Room {
    @ManyToOne(() => Tenant) @JoinColumn() tenant!: Tenant
    @PrimaryColumn() tenantId!: number
    @PrimaryColumn({ type: "varchar", length: 20 }) door!: string
    @PseudoKey({ history: true }) slug!: string
}

@Entity()
@TableInheritance({ column: { type: "varchar", name: "kind" } })
export class Animal {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ history: true }) slug!: string
}
@ChildEntity()
export class Cat extends Animal {}
@ChildEntity()
export class Dog extends Animal {}

class Address {
    @Column() street!: string
    @PseudoKey({ history: true }) slug!: string
}
@Entity()
export class House {
    @PrimaryGeneratedColumn() id!: number
    @Column(() => Address) address!: Address
}

export const Letter = withPseudoKeys(
    new EntitySchema<{ id: number; slug: string }>({
        name: "letter",
        columns: { id: { type: "int", primary: true, generated: true } },
    }),
    { slug: { history: true } },
)

type ErrorClass = new (message: string) => AutoSequenceError

/** Expects the error; resolves to it. */
export async function refused(attempt: Promise<unknown>, expected: ErrorClass): Promise<Error> {
    const error = await rejection(attempt)
    expect(error).to.be.instanceOf(expected)
    return error
}

/** Runs `work` in a transaction, or a savepoint of one, and rolls it back. */
export async function rolledBack(
    outer: DataSource | EntityManager,
    work: (manager: EntityManager) => Promise<unknown>,
): Promise<void> {
    const rollback = new Error("roll back")
    const attempt = outer.transaction(async (manager) => {
        await work(manager)
        throw rollback
    })
    expect(await rejection(attempt)).to.equal(rollback)
}

/** Expects each key to lead to the row with that primary key, or to none. */
export async function expectLeads<Row extends ObjectLiteral>(
    manager: EntityManager,
    entity: EntityTarget<Row>,
    expected: Record<string, unknown>,
    options: {
        where?: FindOptionsWhere<Row>
        withDeleted?: boolean
        retired?: boolean
        property?: string
    } = {},
): Promise<void> {
    const { where, retired, withDeleted, property } = options
    const source = dataSourceOf(manager)
    const { primaryColumns } = source.getMetadata(entity)
    const idOf = (row: Row) => {
        const ids: unknown[] = primaryColumns.map((column) => column.getEntityValue(row) as unknown)
        return ids.length === 1 ? ids[0] : ids
    }
    const found: Record<string, unknown> = {}
    for (const key of Object.keys(expected)) {
        const row = await findByPseudoKey(manager, entity, key, options as object)
        found[key] = row && idOf(row)
    }
    expect(found).to.eql(expected)

    const conditions = Object.keys(expected).map((key) =>
        wherePseudoKey(source, entity, key, { where, retired, property } as object),
    )
    const rows = await manager.find(entity, { where: conditions, withDeleted })
    const led = Object.values(expected).filter((id) => id !== null)
    expect(new Set(rows.map((row) => String(idOf(row))))).to.eql(new Set(led.map(String)))
}

/** What the history has, by its keys. */
export async function historyOf(manager: EntityManager) {
    const rows = await manager.getRepository<AutoSequenceKey>(KEY_ENTITY).find()
    const history: Record<string, { owner: unknown; isRetired: boolean }> = {}
    for (const { key, owner, retiredAt } of rows)
        history[key] = { owner: JSON.parse(owner), isRetired: retiredAt !== null }
    return history
}

/** Inserts a row without this library. */
export async function insertRaw(
    { manager, metadata }: Repository<ObjectLiteral>,
    values: Record<string, string | number>,
): Promise<void> {
    const { driver } = dataSourceOf(manager)
    const names = Object.keys(values).map((name) => driver.escape(name))
    const literals = Object.values(values).map((value) => `'${value}'`)
    await manager.query(
        `INSERT INTO ${tableName(metadata)} (${names.join()}) VALUES (${literals.join()})`,
    )
}

/** Gives rows another value without this library. */
export async function changeRaw(
    { manager, metadata }: Repository<ObjectLiteral>,
    column: string,
    from: string,
    to: string,
): Promise<void> {
    const name = dataSourceOf(manager).driver.escape(column)
    await manager.query(
        `UPDATE ${tableName(metadata)} SET ${name} = '${to}' WHERE ${name} = '${from}'`,
    )
}

/** Deletes rows without this library. */
export async function deleteRaw(
    { manager, metadata }: Repository<ObjectLiteral>,
    column: string,
    value: string | number,
): Promise<void> {
    const { driver } = dataSourceOf(manager)
    await manager.query(
        `DELETE FROM ${tableName(metadata)} WHERE ${driver.escape(column)} = '${value}'`,
    )
}
