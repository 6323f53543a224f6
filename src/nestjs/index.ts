// Before NestJS itself is loaded.
import "./requirements"

export { AutoSequenceModule } from "./module/auto-sequence.module"
export { autoSequenceHealth, type AutoSequenceHealth } from "./health"
export type {
    AutoSequenceDataSource,
    AutoSequenceModuleAsyncOptions,
    AutoSequenceModuleOptions,
    AutoSequenceOptionsFactory,
    AutoSequenceRootOptions,
} from "./module/module-options"
export { PseudoKeyParam, type PseudoKeyParamOptions } from "./pseudo-keys/pseudo-key.param"
export { PseudoKeyPipe, type PseudoKeyPipeOptions } from "./pseudo-keys/pseudo-key.pipe"
export { provideTestKeys, type TestRow } from "./pseudo-keys/test-keys"
export { AutoSequenceExceptionFilter } from "./exception-filter"
export { RetiredKeyException } from "./pseudo-keys/retired-keys"
export type { RowByKeyOptions } from "./pseudo-keys/row-by-key"
export { InjectSequence, type NamedSequence } from "./module/sequence-providers"
export { getAutoSequenceOptionsToken, getSequenceToken } from "./module/tokens"
