export { AutoSequenceColumn } from "./decorators/auto-sequence-column"
export { withAutoSequenceColumns } from "./decorators/with-auto-sequence-columns"
export {
    AutoSequenceError,
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
export { verifyAutoSequence } from "./schema/verify"
export { AutoSequenceSubscriber } from "./subscriber"
export { withAutoSequence } from "./with-auto-sequence"
export { type TableLockOptions, withTableLock } from "./with-table-lock"
