export { AutoSequenceModule } from "./auto-sequence.module"
export { autoSequenceHealth, type AutoSequenceHealth } from "./health"
export type {
    AutoSequenceDataSource,
    AutoSequenceModuleAsyncOptions,
    AutoSequenceModuleOptions,
    AutoSequenceOptionsFactory,
    AutoSequenceRootOptions,
} from "./module-options"
export { PseudoKeyParam, type PseudoKeyParamOptions } from "./pseudo-key.param"
export { PseudoKeyPipe } from "./pseudo-key.pipe"
export { RetiredKeyException } from "./retired-keys"
export type { PseudoKeyPipeOptions } from "./row-by-key"
export { InjectSequence, type NamedSequence } from "./sequence-providers"
export { getAutoSequenceOptionsToken, getSequenceToken } from "./tokens"
