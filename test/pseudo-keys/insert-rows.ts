import { expect } from "chai"
import type { EntityManager, EntityTarget, Logger, ObjectLiteral } from "typeorm"
import { columnName, tableName } from "../../src/typeorm/names"
import { rejection } from "../support/errors"

interface Manages {
    readonly manager: EntityManager
}

/** What the database has in a column, in the order in which the rows were inserted. */
export async function storedKeys(
    { manager }: Manages,
    entity: EntityTarget<ObjectLiteral>,
    property = "slug",
): Promise<string[]> {
    const { metadata } = manager.getRepository(entity)
    const column = metadata.findColumnWithPropertyPath(property)
    if (!column) throw new Error(`There is no property ${property}.`)
    const rows = (await manager.query(
        `SELECT ${columnName(column)} AS k FROM ${tableName(metadata)} ORDER BY id`,
    )) as { k: string }[]
    return rows.map(({ k }) => k)
}

/** Runs work in a transaction, or a savepoint of one, and rolls it back. */
export async function rolledBack(
    outer: Manages["manager"] | { transaction: EntityManager["transaction"] },
    work: (manager: EntityManager) => Promise<unknown>,
): Promise<void> {
    const rollback = new Error("roll back")
    const attempt = outer.transaction(async (manager) => {
        await work(manager)
        throw rollback
    })
    expect(await rejection(attempt)).to.equal(rollback)
}

/** Expects an error of this class, and a table without rows. */
export async function expectNothingWritten(
    manages: Manages,
    entity: EntityTarget<ObjectLiteral>,
    attempt: Promise<unknown>,
    expected: abstract new (message: string) => Error,
): Promise<Error> {
    const error = await rejection(attempt)
    expect(error).to.be.instanceOf(expected)
    expect(await manages.manager.count(entity)).to.equal(0)
    return error
}

/** `acme`, `acme-2` … */
export function suffixed(text: string, count: number): string[] {
    return Array.from({ length: count }, (_, i) => (i === 0 ? text : `${text}-${i + 1}`))
}

/** The statements of a data source, with their parameters. */
export class ParameterLog implements Logger {
    readonly statements: { readonly sql: string; readonly parameters: readonly unknown[] }[] = []
    logQuery(sql: string, parameters: unknown[] = []): void {
        this.statements.push({ sql, parameters })
    }
    logQueryError(): void {}
    logQuerySlow(): void {}
    logSchemaBuild(): void {}
    logMigration(): void {}
    log(): void {}
}

/** Lets nobody pass before this many have come. */
export function barrier(count: number): () => Promise<void> {
    let open!: () => void
    const opened = new Promise<void>((resolve) => (open = resolve))
    let come = 0
    return () => {
        come += 1
        if (come === count) open()
        return opened
    }
}
