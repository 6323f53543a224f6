export { AutoSequenceColumn } from "./decorators/auto-sequence-column"
export { DocumentNumber } from "./decorators/document-number"
export { type HasProperties, PseudoKey } from "./decorators/pseudo-key"
export { withAutoSequenceColumns } from "./decorators/with-auto-sequence-columns"
export { withDocumentNumbers } from "./decorators/with-document-numbers"
export { SealedReference, withSealedReferences } from "./decorators/sealed-reference"
export { withPseudoKeys } from "./decorators/with-pseudo-keys"
export {
    AlreadyNumberedError,
    AlreadyVoidedError,
    AutoSequenceError,
    CounterBehindError,
    ColumnChangeError,
    CounterLockedError,
    DateOrderError,
    DocumentNumberError,
    type ImportConflict,
    ImportConflictError,
    DraftError,
    DuplicateRowsError,
    IdsInUseError,
    InvalidKeyError,
    InvalidNumberError,
    InvalidOptionError,
    InvalidPeriodError,
    KeyNotFoundError,
    KeyTakenError,
    MigrationLockedError,
    MissingRightError,
    NotDeletableError,
    NotInstalledError,
    NumberGapError,
    NumberOverflowError,
    NumberTakenError,
    PeriodClosedError,
    ReadOnlyJournalError,
    ReadOnlyNumberError,
    RowNotFoundError,
    SettingInUseError,
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
export { type AuditOptions, auditSeries } from "./maintenance/audit/audit-series"
export { auditToHtml } from "./maintenance/audit/html/document"
export type { AuditProgress } from "./maintenance/progress"
export type {
    AuditEvent,
    AuditFinding,
    AuditNumber,
    AuditRange,
    AuditReport,
    FindingKind,
    ScopeAudit,
    SeriesAudit,
    WeakReferenceAudit,
} from "./audit/types"
export {
    findGaps,
    type GapGroup,
    type GapRange,
    type GapReport,
    type GapsOptions,
} from "./maintenance/gaps/find-gaps"
export { findOrphans, type OrphansOptions } from "./maintenance/references/find-orphans"
export {
    type IdSequenceReset,
    resetIdSequence,
    type ResetIdOptions,
} from "./maintenance/ids/reset-id-sequence"
export {
    type CounterList,
    type CounterState,
    listCounters,
    type ListCountersOptions,
} from "./maintenance/counters/list-counters"
export {
    type CounterSession,
    findHeldCounters,
    type HeldCounter,
} from "./maintenance/counters/find-waiting"
export { WeakReference, type WeakReferenceOptions } from "./decorators/weak-reference"
export {
    type RaisedCounter,
    resyncCounters,
    type ResyncOptions,
} from "./schema/install/resync-counters"
export type {
    AutoSequenceColumnOptions,
    NumberColumnOptions,
    StartOf,
} from "./declared/numbers/number-options"
export type { BookkeepingOptions } from "./declared/numbers/bookkeeping-options"
export type { DocumentNumberOptions, FormatOf } from "./declared/documents/document-options"
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
export { type AutoSequenceEvent, eventEntity, type EventTableOptions } from "./tables/event-entity"
export {
    type AutoSequenceSeries,
    seriesEntity,
    type SettingTableOptions,
} from "./tables/setting-entity"
export { type AutoSequenceKey, keyEntity, type KeyTableOptions } from "./tables/key-entity"
export { diagnose } from "./schema/doctor/diagnose"
export type {
    DiagnoseOptions,
    Diagnosis,
    DiagnosisCheck,
    DiagnosisLine,
} from "./schema/doctor/types"
export { verifyAutoSequence, type VerifyOptions } from "./schema/verify/verify"
export { Sequence } from "./sequence/sequence"
export { type ReasonOptions, withReason } from "./numbers/journal/with-reason"
export type { SeriesEventKind } from "./numbers/journal/write-events"
export type { SeriesSettings } from "./sequence/journal/series-settings"
export type {
    AllSettings,
    EventsOptions,
    FormatOptions,
    PeriodReasonOptions,
    SeriesEvent,
    SeriesFormat,
    SkipOptions,
    VoidOptions,
} from "./sequence/journal/types"
export type { NumberSeries } from "./sequence/series/number-series"
export {
    findByDocumentNumber,
    type FindByDocumentNumberOptions,
} from "./sequence/documents/find-by-document-number"
export type { ImportOptions, ImportProgress, ImportResult } from "./sequence/imports/types"
export { seriesOf } from "./sequence/series/series-of"
export type {
    AssignOptions,
    MoveOptions,
    NumberPreview,
    ParsedNumber,
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
export type {
    AutoSequenceMessages,
    GapRefusedMessage,
    LostMessage,
    RetryMessage,
    TakeMessage,
} from "./signals/messages"
export {
    type OpenTelemetryMeter,
    type OpenTelemetryOptions,
    type OpenTelemetryTracer,
    reportToOpenTelemetry,
} from "./signals/open-telemetry"
export { AutoSequenceSubscriber } from "./subscriber"
export { withAutoSequence, type WithAutoSequenceOptions } from "./with-auto-sequence"
export { type TableLockOptions, withTableLock } from "./numbers/table-lock/with-table-lock"
export {
    type GeneratedMigration,
    generateMigration,
    type GenerateMigrationOptions,
} from "./schema/migrate/generate-migration"
export { backfillNumbers, type BackfillNumbersOptions } from "./schema/backfill/backfill-numbers"
export { runMigrations, type RunMigrationsOptions } from "./schema/migrate/run-migrations"
export type { MigrationFormat } from "./schema/migrate/migration-source"
export type { Renames } from "./schema/names/renamings"
export type { NumberingOrder } from "./schema/plan/row-order"
export type { MigrationBackfill, MigrationStatement, MigrationStep } from "./schema/plan/steps"
export { installAutoSequence, type InstallOptions } from "./schema/install/install"
