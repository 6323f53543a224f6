import type {
    InjectionToken,
    ModuleMetadata,
    OptionalFactoryDependency,
    Type,
} from "@nestjs/common"
import { checkedOptions, FLAG, type Forms, LIST, OBJECT, TEXT } from "../../declared/options"
import type { InstallOptions } from "../../schema/install/install"

/** What `AutoSequenceModule` does at startup, and with retired keys. */
export interface AutoSequenceModuleOptions {
    /**
     * Create what is missing in the database, as {@link installAutoSequence} does. For development
     * and tests; in production use a migration.
     *
     * Default: `false`.
     */
    install?: boolean | InstallOptions

    /**
     * Check the data source, as {@link verifyAutoSequence} does.
     *
     * Default: `true`. What is missing is logged as a warning.
     */
    verify?: boolean

    /**
     * Don't start the application if something is missing.
     *
     * Default: `false`.
     */
    strict?: boolean

    /**
     * Answer a request that uses a retired key with a redirect to the current one: 301, or 308 for
     * methods other than GET and HEAD. {@link PseudoKeyPipe} detects it.
     *
     * Default: `false`. The handler gets the row for either key.
     */
    redirectRetiredKeys?: boolean
}

/** The data source that `AutoSequenceModule` is for. */
export interface AutoSequenceDataSource {
    /**
     * The name of the data source, as in `TypeOrmModule.forRoot({ name })`.
     *
     * Default: the data source without a name.
     */
    dataSource?: string

    /**
     * The injection token of the data source, if a provider of the application creates it instead
     * of `TypeOrmModule`. Import the module that exports it with `imports`, unless that module is
     * global. If there are several data sources, also name it with `dataSource`: sequences and
     * pipes look it up by that name.
     */
    dataSourceToken?: InjectionToken

    /** The modules that export what is injected here. */
    imports?: ModuleMetadata["imports"]
}

/** Options of `AutoSequenceModule.forRoot`. */
export interface AutoSequenceRootOptions
    extends AutoSequenceModuleOptions, AutoSequenceDataSource {}

/** A class that creates the options of `AutoSequenceModule.forRootAsync`. */
export interface AutoSequenceOptionsFactory {
    createAutoSequenceOptions(): Promise<AutoSequenceModuleOptions> | AutoSequenceModuleOptions
}

/**
 * Options of `AutoSequenceModule.forRootAsync`: exactly one of three ways to create the options.
 */
export type AutoSequenceModuleAsyncOptions = AutoSequenceDataSource &
    (
        | {
              /** Creates the options from the injected values. */
              useFactory: (
                  // Nest can't know what `inject` leads to, and the factory says it.
                  // oxlint-disable-next-line typescript/no-explicit-any
                  ...injected: any[]
              ) => Promise<AutoSequenceModuleOptions> | AutoSequenceModuleOptions
              inject?: (InjectionToken | OptionalFactoryDependency)[]
          }
        | {
              /** A class that is instantiated for it. */
              useClass: Type<AutoSequenceOptionsFactory>
          }
        | {
              /** An existing provider. */
              useExisting: InjectionToken<AutoSequenceOptionsFactory>
          }
    )

const FORMS: Forms<Required<AutoSequenceModuleOptions>> = {
    install: [(value) => FLAG[0](value) || OBJECT[0](value), "true, false or an object"],
    verify: FLAG,
    strict: FLAG,
    redirectRetiredKeys: FLAG,
}

/** @internal */
export const OF_DATA_SOURCE: Forms<Required<AutoSequenceDataSource>> = {
    dataSource: TEXT,
    dataSourceToken: [
        (value) => ["string", "symbol", "function"].includes(typeof value),
        "an injection token",
    ],
    imports: LIST,
}

const FORMS_OF_ROOT = { ...FORMS, ...OF_DATA_SOURCE }

/** @internal Refuses also a misspelt option, which would be a check that is not made. */
export function checkedRootOptions(options: AutoSequenceRootOptions): AutoSequenceRootOptions {
    return checkedOptions("AutoSequenceModule.forRoot()", options, FORMS_OF_ROOT)
}

/** @internal The same of those that are made for `forRootAsync()`. */
export function checkedModuleOptions(
    options: AutoSequenceModuleOptions,
): AutoSequenceModuleOptions {
    return checkedOptions("AutoSequenceModule.forRootAsync()", options, FORMS)
}
