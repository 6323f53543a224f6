import { type DynamicModule, Module } from "@nestjs/common"
import { LIST, OBJECT, refuseOther, refuserOf } from "../../declared/options"
import { AutoSequenceCoreModule } from "./auto-sequence-core.module"
import { asyncProviders } from "./async-providers"
import {
    type AutoSequenceModuleAsyncOptions,
    type AutoSequenceRootOptions,
    checkedRootOptions,
} from "./module-options"
import { type NamedSequence, sequenceProviders } from "./sequence-providers"
import { getAutoSequenceOptionsToken } from "./tokens"

/**
 * Numbers and pseudo keys for a NestJS application. It registers the subscriber with the data
 * source, regardless of the order of imports, and checks at startup that the database has what
 * numbers and keys need.
 *
 * ```ts
 * import { Module } from "@nestjs/common"
 * import { TypeOrmModule } from "@nestjs/typeorm"
 * import { AutoSequenceModule } from "typeorm-autosequence/nestjs"
 *
 * @Module({
 *     imports: [
 *         TypeOrmModule.forRoot({ type: "postgres", autoLoadEntities: true }),
 *         AutoSequenceModule.forRoot({ strict: true }),
 *     ],
 * })
 * export class AppModule {}
 * ```
 */
@Module({})
export class AutoSequenceModule {
    /**
     * For one data source; import it once for each.
     *
     * With `autoLoadEntities` the data source gets the library's tables too. A data source that
     * lists its entities gets them from {@link withAutoSequence}.
     *
     * Errors: {@link InvalidOptionError} for unknown options. At startup, those of
     * {@link installAutoSequence} with `install`, and those of {@link verifyAutoSequence} with
     * `strict`.
     */
    static forRoot(options: AutoSequenceRootOptions = {}): DynamicModule {
        const { dataSource, dataSourceToken, imports, ...others } = checkedRootOptions(options)
        const provide = getAutoSequenceOptionsToken(dataSource)
        const providers = [{ provide, useValue: others }]
        return rootModule(
            { dataSource, dataSourceToken, imports },
            { providers, redirects: others.redirectRetiredKeys === true },
        )
    }

    /**
     * {@link AutoSequenceModule.forRoot} with options that are determined asynchronously.
     *
     * ```ts
     * import { Module } from "@nestjs/common"
     * import { AutoSequenceModule } from "typeorm-autosequence/nestjs"
     *
     * class Settings {
     *     readonly isProduction = process.env.NODE_ENV === "production"
     * }
     *
     * @Module({ providers: [Settings], exports: [Settings] })
     * class SettingsModule {}
     *
     * export const numbers = AutoSequenceModule.forRootAsync({
     *     imports: [SettingsModule],
     *     inject: [Settings],
     *     useFactory: ({ isProduction }: Settings) => ({
     *         install: !isProduction,
     *         strict: isProduction,
     *     }),
     * })
     * ```
     */
    static forRootAsync(options: AutoSequenceModuleAsyncOptions): DynamicModule {
        const providers = asyncProviders(options)
        const { dataSource, dataSourceToken, imports } = options
        // Whether it redirects is not known yet.
        return rootModule({ dataSource, dataSourceToken, imports }, { providers, redirects: true })
    }

    /**
     * Provides sequences for {@link InjectSequence}, by name or with their options.
     *
     * ```ts
     * import { Module } from "@nestjs/common"
     * import { AutoSequenceModule } from "typeorm-autosequence/nestjs"
     *
     * @Module({
     *     imports: [AutoSequenceModule.forFeature(["receipts", { name: "cases", startAt: 1000 }])],
     * })
     * export class ReceiptsModule {}
     * ```
     */
    static forFeature(
        sequences: readonly (string | NamedSequence)[],
        dataSource?: string,
    ): DynamicModule {
        const refuse = refuserOf("AutoSequenceModule.forFeature()")
        refuseOther("the sequences are", sequences, LIST, refuse)
        for (const one of sequences)
            if (typeof one !== "string") refuseOther("a sequence is", one, OBJECT, refuse)
        const providers = sequences.flatMap((one) =>
            sequenceProviders(typeof one === "string" ? { name: one } : one, dataSource),
        )
        return { module: AutoSequenceModule, providers, exports: providers }
    }
}

function rootModule(...given: Parameters<typeof AutoSequenceCoreModule.create>): DynamicModule {
    return { module: AutoSequenceModule, imports: [AutoSequenceCoreModule.create(...given)] }
}
