import { AutoSequenceError } from "../../src"
import { RolledBackOnPurpose } from "./attempts"
import type { Tally } from "./messages"

/** Errors of this library that such work meets by right: others were faster. */
const EXPECTED_CODES = [
    "ALREADY_NUMBERED",
    "ALREADY_VOIDED",
    "COUNTER_LOCKED",
    "DRAFT",
    "KEY_TAKEN",
    "ROW_NOT_FOUND",
    "STALE_SNAPSHOT",
    "TRANSACTION_ABORTED",
]

/** Those of the databases: SQLSTATEs, numbers, and what the drivers say when the connection is gone. */
const EXPECTED_DRIVER_CODES =
    /^(1969|40001|40P01|55P03|57014|57P0[123]|08\w\w\w|25P02|25P03|23503|53300|57P05|E[A-Z]+|PROTOCOL_CONNECTION_LOST|POOL_\w+|ER_(LOCK_\w+|STATEMENT_TIMEOUT|QUERY_INTERRUPTED|CHECKREAD|ROW_IS_REFERENCED_2|NO_REFERENCED_ROW_2|CONNECTION_KILLED|SERVER_SHUTDOWN|CON_COUNT_ERROR|UNKNOWN_ERROR|UNKNOWN_COM_ERROR|ERROR_DURING_COMMIT))$/
const EXPECTED_TEXTS =
    /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Connection lost|Can't add new command when connection is in closed state|terminating connection|the database system is|Driver not Connected|Client was closed|Query runner already released|Database connection provided by a query runner was already released|This socket has been ended)/i

interface DriverError {
    readonly code?: unknown
    /** Of errors that mysql2 knows no name for. */
    readonly errno?: unknown
}

export class Tallying {
    private operations: Record<string, number> = {}
    private errors: Record<string, number> = {}
    private unexpected: string[] = []
    private transactions = 0
    private slowest = 0

    operation(name: string): void {
        this.operations[name] = (this.operations[name] ?? 0) + 1
    }

    transaction(milliseconds: number): void {
        this.transactions += 1
        this.slowest = Math.max(this.slowest, milliseconds)
    }

    error(error: unknown): void {
        const name = nameOf(error)
        this.errors[name] = (this.errors[name] ?? 0) + 1
        if (!isExpected(error)) this.unexpected.push(String((error as Error).stack ?? error))
    }

    /** Since the last time. */
    take(): Tally {
        const { operations, errors, unexpected, transactions, slowest } = this
        this.operations = {}
        this.errors = {}
        this.unexpected = []
        this.transactions = this.slowest = 0
        return { operations, errors, unexpected, transactions, slowest }
    }
}

/** MariaDB keeps triggers half read where it was interrupted, and what helps is in the error. */
export function asksForFlush(error: unknown): boolean {
    return /FLUSH TABLES|has an error in its body/.test((error as Error).message)
}

function isExpected(error: unknown): boolean {
    if (error instanceof RolledBackOnPurpose || asksForFlush(error)) return true
    if (error instanceof AutoSequenceError) return EXPECTED_CODES.includes(error.code)
    return (
        EXPECTED_DRIVER_CODES.test(codeOf(error)) || EXPECTED_TEXTS.test((error as Error).message)
    )
}

/** What the code alone does not tell, the text does. */
function nameOf(error: unknown): string {
    if (error instanceof RolledBackOnPurpose) return "rolled back on purpose"
    const code = codeOf(error)
    const isTold = code !== "" && !asksForFlush(error) && isExpected(error)
    return isTold ? code : [code, beginningOf(error)].filter(Boolean).join(": ")
}

function beginningOf(error: unknown): string {
    return (error as Error).message.slice(0, 60)
}

function codeOf(error: unknown): string {
    const { code, driverError } = error as { code?: unknown; driverError?: DriverError }
    const found = driverError?.code ?? code ?? driverError?.errno
    return typeof found === "string" || typeof found === "number" ? `${found}` : ""
}
