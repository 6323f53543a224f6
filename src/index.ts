export { AutoSequenceColumn } from "./decorators/auto-sequence-column"
export { withAutoSequenceColumns } from "./decorators/with-auto-sequence-columns"
export {
    AutoSequenceError,
    CounterLockedError,
    InvalidNumberError,
    InvalidOptionError,
    NotInstalledError,
    NumberGapError,
    NumberOverflowError,
    ReadOnlyNumberError,
    StaleSnapshotError,
    TransactionAbortedError,
    TransactionRequiredError,
    UnknownScopeError,
    UnsupportedError,
} from "./errors"
export type { AutoSequenceColumnOptions, NumberColumnOptions, Strategy } from "./options"
export {
    type AutoSequenceCounter,
    autoSequenceEntities,
    counterEntity,
    type CounterTableOptions,
} from "./schema/counter-entity"
export { verifyAutoSequence } from "./schema/verify"
export {
    type NextOptions,
    Sequence,
    type SequenceNumbers,
    type SequenceOptions,
    type SequenceScope,
    type SequenceScopeValue,
    type SequenceTarget,
    type SequenceType,
} from "./sequence"
export { transactionWithRetry, type TransactionWithRetryOptions } from "./transaction-with-retry"
export { AutoSequenceSubscriber } from "./subscriber"
export { withAutoSequence, type WithAutoSequenceOptions } from "./with-auto-sequence"
export { type TableLockOptions, withTableLock } from "./with-table-lock"
export { DuplicateNumberError } from "./schema/duplicate-numbers"
export {
    type GeneratedMigration,
    generateMigration,
    type GenerateMigrationOptions,
} from "./schema/generate-migration"
export type { MigrationFormat } from "./schema/migration-source"
export type { NumberingOrder } from "./schema/number-rows"
export type { MigrationStatement } from "./schema/steps"
export { installAutoSequence, type InstallOptions } from "./schema/install"
