export { AutoSequenceColumn } from "./decorators/auto-sequence-column"
export { type HasProperties, PseudoKey } from "./decorators/pseudo-key"
export { withAutoSequenceColumns } from "./decorators/with-auto-sequence-columns"
export { SealedReference, withSealedReferences } from "./decorators/sealed-reference"
export { withPseudoKeys } from "./decorators/with-pseudo-keys"
export {
    AlreadyNumberedError,
    AutoSequenceError,
    CounterBehindError,
    ColumnChangeError,
    CounterLockedError,
    DateOrderError,
    DraftError,
    DuplicateRowsError,
    InvalidKeyError,
    InvalidNumberError,
    InvalidOptionError,
    InvalidPeriodError,
    KeyNotFoundError,
    KeyTakenError,
    NotDeletableError,
    NotInstalledError,
    NumberGapError,
    NumberOverflowError,
    NumberTakenError,
    ReadOnlyNumberError,
    RowNotFoundError,
    StaleSnapshotError,
    TransactionAbortedError,
    TransactionRequiredError,
    UnknownOrderError,
    UnknownScopeError,
    UnsupportedError,
} from "./errors"
export {
    backfillPseudoKeys,
    type BackfillOptions,
    type BackfillProgress,
} from "./maintenance/backfill-pseudo-keys"
export { resyncCounters } from "./schema/install/resync-counters"
export type {
    AutoSequenceColumnOptions,
    NumberColumnOptions,
    StartOf,
} from "./declared/numbers/number-options"
export type { Strategy } from "./declared/numbers/strategies"
export type { NumberCondition, NumberConditionValue } from "./declared/numbers/condition"
export type { PeriodOptions, PeriodUnit } from "./declared/numbers/period-options"
export {
    findByPseudoKey,
    type FindByPseudoKeyOptions,
    findByPseudoKeyOrFail,
} from "./keys/find/find-by-pseudo-key"
export type {
    Derive,
    DeriveOptions,
    KeyColumnOptions,
    KeyFormat,
    KeyHistory,
    PseudoKeyOptions,
    SealOptions,
} from "./declared/keys/key-options"
export { regenerateKey, type RegenerateKeyOptions } from "./keys/change/regenerate-key"
export { releaseKey, type ReleaseKeyOptions } from "./keys/change/release-key"
export { findManyByPseudoKey } from "./keys/find/find-many-by-pseudo-key"
export { RESERVED_KEYS } from "./declared/keys/reserved-keys"
export type { SlugOptions } from "./declared/keys/slug-options"
export { slugify } from "./keys/slug/slugify"
export type { PropertyPath } from "./keys/property-path"
export { isPublicKey, type PublicKey } from "./keys/find/public-key"
export {
    resolvePseudoKey,
    type ResolvedPseudoKey,
    type ResolvePseudoKeyOptions,
} from "./keys/find/resolve-pseudo-key"
export {
    type OpenedId,
    openKey,
    openKeys,
    type SealableId,
    sealKey,
    sealKeys,
} from "./keys/sealed/seal-key"
export type { Secret } from "./declared/secrets"
export { wherePseudoKey } from "./keys/find/where-pseudo-key"
export {
    type AutoSequenceCounter,
    counterEntity,
    type CounterTableOptions,
} from "./tables/counter-entity"
export { autoSequenceEntities } from "./tables/entities"
export { type AutoSequenceKey, keyEntity, type KeyTableOptions } from "./tables/key-entity"
export { verifyAutoSequence, type VerifyOptions } from "./schema/verify/verify"
export { Sequence } from "./sequence/sequence"
export type { NumberSeries } from "./sequence/series/number-series"
export { seriesOf } from "./sequence/series/series-of"
export type {
    AssignOptions,
    MoveOptions,
    NumberPreview,
    SeriesNumber,
    SeriesRow,
    SeriesScope,
    SetNextOptions,
} from "./sequence/series/types"
export type {
    NextOptions,
    SequenceNumbers,
    SequenceOptions,
    SequenceScope,
    SequenceScopeValue,
    SequenceTarget,
    SequenceType,
} from "./sequence/types"
export {
    transactionWithRetry,
    type TransactionWithRetryOptions,
} from "./inserts/retry/transaction-with-retry"
export { AutoSequenceSubscriber } from "./subscriber"
export { withAutoSequence, type WithAutoSequenceOptions } from "./with-auto-sequence"
export { type TableLockOptions, withTableLock } from "./numbers/table-lock/with-table-lock"
export {
    type GeneratedMigration,
    generateMigration,
    type GenerateMigrationOptions,
} from "./schema/migrate/generate-migration"
export type { MigrationFormat } from "./schema/migrate/migration-source"
export type { Renames } from "./schema/names/renamings"
export type { NumberingOrder } from "./schema/plan/row-order"
export type { MigrationBackfill, MigrationStatement, MigrationStep } from "./schema/plan/steps"
export { installAutoSequence, type InstallOptions } from "./schema/install/install"
