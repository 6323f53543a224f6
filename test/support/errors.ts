import { expect } from "chai"
import { type ObjectLiteral, QueryFailedError, type Repository } from "typeorm"
import {
    type AutoSequenceError,
    CounterBehindError,
    DateOrderError,
    DocumentNumberError,
    ImportConflictError,
    DuplicateRowsError,
    InvalidNumberError,
    InvalidOptionError,
    NotDeletableError,
    NotInstalledError,
    NumberOverflowError,
    ReadOnlyNumberError,
    StaleSnapshotError,
    TransactionRequiredError,
    UnknownScopeError,
    UnsupportedError,
} from "../../src"
import type { Kind } from "./test-database"
import { storedCounters } from "./stored"
import { dataSourceOf, tableName } from "./typeorm"
import { isTypeORM1 } from "./typeorm-version"

type ErrorClass = new (message: string) => AutoSequenceError

const CODES = new Map<ErrorClass, string>([
    [CounterBehindError, "COUNTER_BEHIND"],
    [DateOrderError, "DATE_ORDER"],
    [DocumentNumberError, "DOCUMENT_NUMBER"],
    [ImportConflictError, "IMPORT_CONFLICT"],
    [DuplicateRowsError, "DUPLICATE_ROWS"],
    [InvalidNumberError, "INVALID_NUMBER"],
    [InvalidOptionError, "INVALID_OPTION"],
    [NotDeletableError, "NOT_DELETABLE"],
    [NotInstalledError, "NOT_INSTALLED"],
    [NumberOverflowError, "NUMBER_OVERFLOW"],
    [ReadOnlyNumberError, "READ_ONLY_NUMBER"],
    [StaleSnapshotError, "STALE_SNAPSHOT"],
    [TransactionRequiredError, "TRANSACTION_REQUIRED"],
    [UnknownScopeError, "UNKNOWN_SCOPE"],
    [UnsupportedError, "UNSUPPORTED"],
])

/** Expects an error of this class, with its code, whose text holds all of these. */
export function expectErrorIs(error: unknown, expected: ErrorClass, ...texts: string[]): void {
    expect(error).to.be.instanceOf(expected)
    const { name, code, message } = error as AutoSequenceError
    expect({ name, code }).to.eql({ name: expected.name, code: CODES.get(expected) })
    for (const text of texts) expect(message).to.include(text)
}

export function expectThrows(attempt: () => unknown, expected: ErrorClass, ...texts: string[]) {
    expectErrorIs(thrownBy(attempt), expected, ...texts)
}

export async function expectRejects(
    attempt: Promise<unknown>,
    expected: ErrorClass,
    ...texts: string[]
): Promise<void> {
    expectErrorIs(await rejection(attempt), expected, ...texts)
}

/** Expects the error, and the table to be as it was. */
export async function expectRefuses(
    repository: Repository<ObjectLiteral>,
    attempt: () => Promise<unknown>,
    expected: ErrorClass,
    ...texts: string[]
): Promise<void> {
    const before = await storedRows(repository)
    await expectRejects(attempt(), expected, ...texts)
    expect(await storedRows(repository)).to.eql(before)
}

/** Expects the error, and rows and counters to be as they were. */
export async function expectUnwritten(
    repository: Repository<ObjectLiteral>,
    attempt: () => Promise<unknown>,
    expected: ErrorKind,
    ...texts: string[]
): Promise<void> {
    const dataSource = dataSourceOf(repository.manager)
    const look = async () => [await repository.count(), await storedCounters(dataSource)]
    const before = await look()
    const error = await rejection(attempt())
    expect(error).to.be.instanceOf(expected)
    for (const text of texts) expect(error.message).to.contain(text)
    expect(await look()).to.eql(before)
}

/** All rows of the table as the database has them. */
export async function storedRows({ manager, metadata }: Repository<ObjectLiteral>) {
    const id = `"${metadata.primaryColumns[0]?.databaseName ?? "id"}"`
    const sql = `SELECT * FROM ${tableName(metadata)} ORDER BY ${id}`
    return (await manager.query(sql)) as ObjectLiteral[]
}

/** Expects PostgreSQL itself to refuse, with this SQLSTATE. */
export async function expectSqlState(attempt: Promise<unknown>, state: string): Promise<void> {
    expect(await sqlState(attempt)).to.equal(state)
}

/** The SQLSTATE with which the database refused; fails where it didn't. */
export async function sqlState(attempt: Promise<unknown>): Promise<string> {
    const error = await rejection(attempt)
    expect(error).to.be.instanceOf(QueryFailedError)
    return (error as QueryFailedError<Error & { code: string }>).driverError.code
}

/** What a promise is rejected with; fails where it isn't. */
export async function rejection(attempt: Promise<unknown>): Promise<Error> {
    const [result] = await Promise.allSettled([attempt])
    if (result.status === "rejected") return result.reason as Error
    throw new Error(`Expected a rejection, got ${JSON.stringify(result.value)}.`)
}

/** What the database calls it when one of several transactions that wait for each other must go. */
export function isDeadlock(error: unknown): boolean {
    const { code, errno } = error as { code?: string; errno?: number }
    // MariaDB says 1467 where it is about the counter of an AUTO_INCREMENT column.
    return code === "40P01" || errno === 1213 || errno === 1467
}

function thrownBy(attempt: () => unknown): unknown {
    try {
        attempt()
    } catch (error) {
        return error
    }
    throw new Error("Expected an error, nothing was thrown.")
}

type ErrorKind = abstract new (...args: never[]) => Error

/**
 * What an error of a trigger is. TypeORM 0.3 does not wait for what subscribers make of an error of
 * MariaDB, so that there it is the driver's where no entity is involved.
 */
export function triggerError(kind: Kind, expected: ErrorKind): ErrorKind {
    return kind === "mariadb" && !isTypeORM1 ? Error : expected
}
