import type {
    InjectionToken,
    ModuleMetadata,
    OptionalFactoryDependency,
    Type,
} from "@nestjs/common"
import { checkedOptions, FLAG, type Forms, LIST, OBJECT, TEXT } from "../../declared/options"
import type { InstallOptions } from "../../schema/install/install"

/** What `AutoSequenceModule` does when the application starts, and for retired keys. */
export interface AutoSequenceModuleOptions {
    /**
     * Create what the database lacks, as {@link installAutoSequence} does. For development and tests;
     * production uses a migration.
     *
     * Default is `false`.
     */
    install?: boolean | InstallOptions

    /**
     * Check the data source, as {@link verifyAutoSequence} does.
     *
     * Default is `true`: what is missing is logged as a warning.
     */
    verify?: boolean

    /**
     * Stop the start of the application where something is missing.
     *
     * Default is `false`.
     */
    strict?: boolean

    /**
     * Answer a request by a retired key with a redirect to the current one: 301, or 308 for methods
     * other than GET and HEAD. {@link PseudoKeyPipe} finds out about it.
     *
     * Default is `false`: the handler gets the row, whichever key it was.
     */
    redirectRetiredKeys?: boolean
}

/** Which data source `AutoSequenceModule` is for. */
export interface AutoSequenceDataSource {
    /**
     * The name of the data source, as `TypeOrmModule.forRoot({ name })` has it.
     *
     * Default is the data source without a name.
     */
    dataSource?: string

    /**
     * The injection token of the data source, where a provider of the application makes it and not
     * `TypeOrmModule`. Import the module that exports it by `imports`, unless that is global. Where
     * there are several data sources, give it a name by `dataSource` as well: sequences and pipes ask
     * for it by that.
     */
    dataSourceToken?: InjectionToken

    /** The modules that export what is injected here. */
    imports?: ModuleMetadata["imports"]
}

/** What `AutoSequenceModule.forRoot` takes. */
export interface AutoSequenceRootOptions
    extends AutoSequenceModuleOptions, AutoSequenceDataSource {}

/** A class that makes the options of `AutoSequenceModule.forRootAsync`. */
export interface AutoSequenceOptionsFactory {
    createAutoSequenceOptions(): Promise<AutoSequenceModuleOptions> | AutoSequenceModuleOptions
}

/** What `AutoSequenceModule.forRootAsync` takes: exactly one of three ways to make the options. */
export type AutoSequenceModuleAsyncOptions = AutoSequenceDataSource &
    (
        | {
              /** Makes the options out of what is injected. */
              useFactory: (
                  // Nest can't know what `inject` leads to, and the factory says it.
                  // eslint-disable-next-line @typescript-eslint/no-explicit-any
                  ...injected: any[]
              ) => Promise<AutoSequenceModuleOptions> | AutoSequenceModuleOptions
              inject?: (InjectionToken | OptionalFactoryDependency)[]
          }
        | {
              /** A class that is made for it. */
              useClass: Type<AutoSequenceOptionsFactory>
          }
        | {
              /** A provider that is there already. */
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
