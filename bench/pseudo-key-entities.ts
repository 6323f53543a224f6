// The tables of pseudo-keys.ts, and how they are filled.
import { createHash, randomUUID } from "node:crypto"
import { performance } from "node:perf_hooks"
import { nanoid } from "nanoid"
import "reflect-metadata"
import {
    Column,
    DataSource,
    type DataSourceOptions,
    Entity,
    Index,
    type ObjectLiteral,
    PrimaryGeneratedColumn,
} from "typeorm"
import { ulid } from "ulid"
import { v7 } from "uuid"
// An application imports it from "typeorm-autosequence".
import { PseudoKey, withAutoSequence } from "../src"
import { DATABASE_URL, SCHEMA } from "./support"

export const SECRET = "a secret of a benchmark, which is no secret"

export abstract class Invoice {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    customerId!: number

    @Column()
    orderId!: string

    @Column({ type: "date" })
    date!: string

    @Column({ type: "numeric", precision: 12, scale: 2 })
    amount!: string
}

@Entity()
export class NoKey extends Invoice {}

/** The column and the index that `@PseudoKey` declares, for keys that this script makes. */
abstract class GivenKey extends Invoice {
    @Column({ type: "varchar", length: 255 })
    @Index({ unique: true })
    publicId!: string
}

/** Written by a data source without the library's subscriber. */
@Entity()
export class GivenWithoutLibrary extends GivenKey {}

@Entity()
export class GivenNanoid extends GivenKey {}

@Entity()
export class GivenUuid extends GivenKey {}

@Entity()
export class GivenUuidv7 extends GivenKey {}

@Entity()
export class GivenUlid extends GivenKey {}

@Entity()
export class GivenSlug extends GivenKey {}

@Entity()
export class NanoidKey extends Invoice {
    @PseudoKey()
    publicId!: string
}

@Entity()
export class UuidKey extends Invoice {
    @PseudoKey({ generate: "uuid" })
    publicId!: string
}

@Entity()
export class Uuidv7Key extends Invoice {
    @PseudoKey({ generate: "uuidv7" })
    publicId!: string
}

@Entity()
export class UlidKey extends Invoice {
    @PseudoKey({ generate: "ulid" })
    publicId!: string
}

@Entity()
export class DerivedKey extends Invoice {
    @PseudoKey({ case: "keep", derive: (invoice: Invoice) => invoice.orderId })
    publicId!: string
}

@Entity()
export class KeyWithHistory extends Invoice {
    @PseudoKey({ history: true })
    publicId!: string
}

@Entity()
export class SealedKey extends Invoice {
    @PseudoKey({ seal: { column: "id", secret: SECRET } })
    publicId!: string
}

/** As the column is while rows are given keys. */
@Entity()
export class KeyToFill extends Invoice {
    @PseudoKey({ nullable: true })
    publicId!: string | null
}

/** The same for a key that is made of another column, in which rows may have the same. */
@Entity()
export class SlugToFill extends Invoice {
    @PseudoKey({ case: "keep", derive: (invoice: Invoice) => invoice.orderId, nullable: true })
    publicId!: string | null
}

export type EntityClass = new () => ObjectLiteral

/** A table that rows are inserted into. */
export interface Kind {
    readonly name: string
    readonly entity: EntityClass
    /** Makes the key of a row, where the caller does. */
    readonly key?: (row: { orderId: string }) => string
    /** What keys look like, as PostgreSQL understands it. */
    readonly format?: string
    readonly isPlain?: true
}

const NANOID = "^[A-Za-z0-9_-]{21}$"
const UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
const UUIDV7 = UUID.replace("-4", "-7")
const ULID = "^[0-9A-HJKMNP-TV-Z]{26}$"
const SLUG = "^order-[0-9]+$"

/** The others of a list are compared with its first. */
export const KINDS: readonly (readonly Kind[])[] = [
    [
        {
            name: "nanoid, before the call",
            entity: GivenNanoid,
            key: () => nanoid(),
            format: NANOID,
        },
        { name: "nanoid", entity: NanoidKey, format: NANOID },
        { name: "nanoid, history", entity: KeyWithHistory, format: NANOID },
        { name: "no key", entity: NoKey },
        {
            name: "nanoid, before the call, without the library",
            entity: GivenWithoutLibrary,
            key: () => nanoid(),
            format: NANOID,
            isPlain: true,
        },
    ],
    [
        { name: "uuid, before the call", entity: GivenUuid, key: () => randomUUID(), format: UUID },
        { name: "uuid", entity: UuidKey, format: UUID },
    ],
    [
        { name: "uuidv7, before the call", entity: GivenUuidv7, key: () => v7(), format: UUIDV7 },
        { name: "uuidv7", entity: Uuidv7Key, format: UUIDV7 },
    ],
    [
        { name: "ulid, before the call", entity: GivenUlid, key: () => ulid(), format: ULID },
        { name: "ulid", entity: UlidKey, format: ULID },
    ],
    [
        {
            name: "derived, before the call",
            entity: GivenSlug,
            key: ({ orderId }) => orderId.replace(" ", "-"),
            format: SLUG,
        },
        { name: "derive", entity: DerivedKey, format: SLUG },
    ],
]

/** The columns of a row but its keys. */
export function invoice(at: number): Omit<Invoice, "id"> {
    return {
        customerId: 1 + (at % 1000),
        orderId: `order ${at}`,
        date: "2026-11-21",
        amount: "12.50",
    }
}

/** A key that looks as those of nanoid do, and that this script and the server both can make. */
export function keyOf(text: string): string {
    return createHash("sha256").update(text).digest("base64url").slice(0, 21)
}

/** The same as SQL. */
export function keySql(text: string): string {
    return `left(translate(encode(sha256(convert_to(${text}, 'UTF8')), 'base64'), '+/', '-_'), 21)`
}

/** Adds rows from one number to another, which is their primary key in an empty table. */
export async function fill(
    dataSource: DataSource,
    entity: EntityClass,
    [from, to]: readonly [from: number, to: number],
    key?: string,
): Promise<void> {
    await dataSource.query(
        `INSERT INTO ${dataSource.getMetadata(entity).tablePath} ` +
            `("customerId", "orderId", "date", "amount"${key ? ', "publicId"' : ""}) ` +
            `SELECT 1 + i % 1000, 'order ' || i, date '2026-11-21', 12.5${key ? `, ${key}` : ""} ` +
            `FROM generate_series(${from}, ${to}) AS i`,
    )
}

/** The same for the keys that rows have and, each tenth of them, had before. */
export async function fillHistory(dataSource: DataSource, rows: number): Promise<void> {
    await dataSource.getRepository(KeyWithHistory).save({ ...invoice(1), publicId: keyOf("now 1") })
    await fill(dataSource, KeyWithHistory, [2, rows], keySql("'now ' || i"))
    const table = `${SCHEMA}.autosequence_key`
    const [first] = await dataSource.query<{ owner: string }[]>(`SELECT owner FROM ${table}`)
    if (first?.owner !== '["1"]') throw new Error(`The history has another form of owner.`)
    for (const [text, retiredAt, from, step] of [
        ["now", "NULL::timestamp", 2, 1],
        ["before", "now()", 10, 10],
    ] as const)
        await dataSource.query(
            `INSERT INTO ${table} (series, scope, key, owner, retired_at) ` +
                `SELECT k.series, k.scope, ${keySql(`'${text} ' || i`)}, ` +
                `json_build_array(i::text)::text, ${retiredAt} ` +
                `FROM generate_series(${from}, ${rows}, ${step}) AS i, ` +
                `(SELECT series, scope FROM ${table} LIMIT 1) AS k`,
        )
}

/** Another data source on the schema of a script. */
export async function connected(
    entities: EntityClass[],
    { isPlain }: { isPlain?: true },
    work: (dataSource: DataSource) => Promise<void>,
): Promise<void> {
    const options: DataSourceOptions = {
        type: "postgres",
        url: DATABASE_URL,
        schema: SCHEMA,
        entities,
        extra: { max: 16 },
        synchronize: true,
    }
    const dataSource = new DataSource(isPlain ? options : withAutoSequence(options))
    await dataSource.initialize()
    try {
        await work(dataSource)
    } finally {
        await dataSource.destroy()
    }
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
    const start = performance.now()
    await work()
    return performance.now() - start
}

/** Throws unless a table has this many rows, each with a key of its own. */
export async function assertRows(dataSource: DataSource, kind: Kind, rows: number): Promise<void> {
    const { name, entity, format } = kind
    const table = dataSource.getMetadata(entity).tablePath
    const count = async (sql: string) => {
        const [{ of }] = await dataSource.query<[{ of: number }]>(`SELECT ${sql}`)
        if (of !== rows) throw new Error(`${name}: ${of} of ${rows} rows by ${sql}.`)
    }
    await count(`count(*)::int AS of FROM ${table}`)
    if (format)
        await count(
            `count(DISTINCT "publicId")::int AS of FROM ${table} WHERE "publicId" ~ '${format}'`,
        )
    if (entity === KeyWithHistory)
        await count(
            `count(*)::int AS of FROM ${table} t JOIN ${SCHEMA}.autosequence_key k ON ` +
                `k.key = t."publicId" AND k.owner = json_build_array(t.id::text)::text`,
        )
}
