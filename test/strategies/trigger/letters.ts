import {
    Column,
    type DataSource,
    Entity,
    type EntityOptions,
    PrimaryGeneratedColumn,
} from "typeorm"
import { AutoSequenceColumn, type AutoSequenceColumnOptions } from "../../../src"
import type { Capabilities } from "../../support/databases"
import { storedCounters } from "../../support/stored"

/** Databases whose triggers can move a counter tell which row an upsert has updated, too. */
export const hasTriggers = ({ upsertKeys }: Capabilities): boolean => upsertKeys

export const TRIGGER = { strategy: "trigger" } as const

/** Letters that are numbered in boxes, or have no number. */
export function letters(
    options?: AutoSequenceColumnOptions,
    table: string | EntityOptions = "letter",
) {
    @Entity(typeof table === "string" ? { name: table } : table)
    class Letter {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "int" }) box!: number
        number!: number
    }
    if (options) AutoSequenceColumn({ uniqueWith: "box", ...options })(Letter.prototype, "number")
    return Letter
}

/** Puts a letter into each of these boxes, and resolves to their numbers. */
export async function post(dataSource: DataSource, ...boxes: number[]): Promise<number[]> {
    const saved = await dataSource.getRepository("Letter").save(boxes.map((box) => ({ box })))
    return saved.map(({ number }) => (number ?? 0) as number)
}

/** The numbers in each box, as the table has them, in the order in which the letters came. */
export async function numbersOf(dataSource: DataSource): Promise<Record<string, number[]>> {
    const rows = await dataSource.getRepository("Letter").find({ order: { id: "ASC" } })
    const numbers: Record<string, number[]> = {}
    for (const { box, number } of rows) (numbers[String(box)] ??= []).push(Number(number))
    return numbers
}

/** The last number of each box, as the counters of a series have it, where there are several. */
export async function countersOf(
    dataSource: DataSource,
    series?: string,
): Promise<Record<string, number>> {
    const counters = await storedCounters(dataSource)
    const ofSeries = counters.filter((counter) => series === undefined || counter.series === series)
    return Object.fromEntries(ofSeries.map(({ scope, last }) => [scope, Number(last)]))
}
