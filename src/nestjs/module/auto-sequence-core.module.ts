import {
    type DynamicModule,
    Inject,
    Module,
    type OnApplicationBootstrap,
    type OnApplicationShutdown,
    type Provider,
} from "@nestjs/common"
import { APP_INTERCEPTOR } from "@nestjs/core"
import { getDataSourceToken } from "@nestjs/typeorm"
import type { DataSource } from "typeorm"
import type { AutoSequenceDataSource, AutoSequenceModuleOptions } from "./module-options"
import { autoLoadOwnEntities } from "./own-entities"
import { Preparation } from "./preparation"
import { RetiredKeyInterceptor } from "../pseudo-keys/retired-keys"
import { DEFAULT_DATA_SOURCE, getAutoSequenceOptionsToken, preparationToken } from "./tokens"

const REGISTERED = Symbol("The data source with its subscriber")
const PREPARATION = Symbol("The preparation of the data source of this module")

/** @internal One of these for each data source; what it exports is there for the whole application. */
@Module({})
export class AutoSequenceCoreModule implements OnApplicationBootstrap, OnApplicationShutdown {
    private readonly endLogging: () => void

    constructor(@Inject(PREPARATION) private readonly preparation: Preparation) {
        this.endLogging = preparation.logWarnings()
    }

    static create(
        { dataSource = DEFAULT_DATA_SOURCE, dataSourceToken, imports }: AutoSequenceDataSource,
        { providers, redirects }: { providers: Provider[]; redirects: boolean },
    ): DynamicModule {
        if (dataSourceToken === undefined) autoLoadOwnEntities(dataSource)
        const target = dataSourceToken ?? getDataSourceToken(dataSource)
        const optionsToken = getAutoSequenceOptionsToken(dataSource)
        return {
            module: AutoSequenceCoreModule,
            global: true,
            imports,
            providers: [
                ...providers,
                {
                    // Apart from the options, which may take longer than the data source.
                    provide: REGISTERED,
                    inject: [target],
                    // Not the data source itself: Nest calls the hooks of all that providers give.
                    useFactory: (found: DataSource) => {
                        Preparation.register(found)
                        return true
                    },
                },
                {
                    provide: preparationToken(dataSource),
                    inject: [target, optionsToken, REGISTERED],
                    useFactory: async (found: DataSource, options: AutoSequenceModuleOptions) => {
                        const preparation = new Preparation(found, options)
                        await preparation.start()
                        return preparation
                    },
                },
                { provide: PREPARATION, useExisting: preparationToken(dataSource) },
                ...(redirects
                    ? [{ provide: APP_INTERCEPTOR, useClass: RetiredKeyInterceptor }]
                    : []),
            ],
            exports: [optionsToken, preparationToken(dataSource)],
        }
    }

    async onApplicationBootstrap(): Promise<void> {
        await this.preparation.finish()
    }

    onApplicationShutdown(): void {
        this.endLogging()
    }
}
