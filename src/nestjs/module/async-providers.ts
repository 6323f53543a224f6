import type { InjectionToken, OptionalFactoryDependency, Provider, Type } from "@nestjs/common"
import { InvalidOptionError } from "../../errors"
import {
    type AutoSequenceModuleAsyncOptions,
    type AutoSequenceModuleOptions,
    type AutoSequenceOptionsFactory,
    refuseUnknown,
} from "./module-options"
import { getAutoSequenceOptionsToken } from "./tokens"

/** Of these there is one. */
interface Ways {
    useFactory?: (
        ...injected: unknown[]
    ) => Promise<AutoSequenceModuleOptions> | AutoSequenceModuleOptions
    inject?: (InjectionToken | OptionalFactoryDependency)[]
    useClass?: Type<AutoSequenceOptionsFactory>
    useExisting?: InjectionToken<AutoSequenceOptionsFactory>
}

const WAYS = ["useFactory", "useClass", "useExisting"]
const OTHERS = ["inject", "dataSource", "dataSourceToken", "imports"]

/** @internal The options of a module that are made by a factory, a class or a provider. */
export function asyncProviders(options: AutoSequenceModuleAsyncOptions): Provider[] {
    const provide = getAutoSequenceOptionsToken(options.dataSource)
    const { useFactory, inject = [], useClass, useExisting } = options as Ways
    refuseOthers(options)
    if (useFactory)
        return [
            {
                provide,
                inject,
                useFactory: async (...injected: unknown[]) =>
                    refuseUnknown(await useFactory(...injected)),
            },
        ]
    const made: Provider = {
        provide,
        inject: [(useClass ?? useExisting) as InjectionToken],
        useFactory: async (found: AutoSequenceOptionsFactory) =>
            refuseUnknown(await found.createAutoSequenceOptions()),
    }
    return useClass ? [made, { provide: useClass, useClass }] : [made]
}

function refuseOthers(options: AutoSequenceModuleAsyncOptions): void {
    const given = Object.entries(options).flatMap(([option, value]) =>
        value === undefined ? [] : [option],
    )
    for (const option of given)
        if (![...WAYS, ...OTHERS].includes(option))
            throw new InvalidOptionError(
                `AutoSequenceModule.forRootAsync() has no option "${option}". Return it with the ` +
                    "options that are made.",
            )
    const ways = WAYS.filter((way) => given.includes(way))
    if (ways.length !== 1)
        throw new InvalidOptionError(
            `AutoSequenceModule.forRootAsync() was given ${ways.join(" and ") || "no way to make the options"}, ` +
                "give one of useFactory, useClass and useExisting.",
        )
}
