import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, PseudoKey } from "../../src"

// Nest keeps for the whole process which entities are to be loaded, so these share no table with
// those of other tests.

@Entity("registered_receipt")
export class Receipt {
    @PrimaryGeneratedColumn()
    id!: number

    @AutoSequenceColumn({ strategy: "counter" })
    number!: number
}

/** Needs no table of the library. */
@Entity("registered_parcel")
export class Parcel {
    @PrimaryGeneratedColumn()
    id!: number

    @Column({ type: "int", nullable: true })
    weight!: number | null

    @AutoSequenceColumn()
    number!: number
}

/** Is to be listed in `entities`: what loads by itself would lack triggers in every application. */
@Entity("registered_ticket")
export class Ticket {
    @PrimaryGeneratedColumn()
    id!: number

    @AutoSequenceColumn({ strategy: "trigger" })
    number!: number
}

@Entity("registered_page")
export class Page {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    title!: string

    @PseudoKey({ prefix: "page", seal: { column: "id", secret: "0".repeat(32) } })
    publicId!: string

    @PseudoKey({ case: "keep", derive: ({ title }: Page) => title, nullable: true })
    slug!: string | null
}

/** Needs the history of keys. */
@Entity("registered_topic")
export class Topic {
    @PrimaryGeneratedColumn()
    id!: number

    @PseudoKey({ prefix: "topic", history: true })
    publicId!: string
}

type NumberedEntity = typeof Receipt | typeof Parcel | typeof Ticket

/** The numbers that so many new rows get, in the order of their saves. */
export async function saveNew(
    entity: NumberedEntity,
    dataSource: DataSource,
    count = 2,
): Promise<number[]> {
    const rows = Array.from({ length: count }, () => new entity())
    const saved = await dataSource.manager.save(rows)
    return saved.map(({ number }) => number)
}

/** All stored numbers, in their order. */
export async function storedNumbers(
    entity: NumberedEntity,
    dataSource: DataSource,
): Promise<number[]> {
    const rows = await dataSource.manager.find<{ number: number }>(entity, {
        order: { number: "ASC" },
    })
    return rows.map(({ number }) => number)
}
