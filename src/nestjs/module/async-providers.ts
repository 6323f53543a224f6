import type { InjectionToken, OptionalFactoryDependency, Provider, Type } from "@nestjs/common"
import { FUNCTION, type Forms, LIST, checkedOptions } from "../../declared/options"
import { InvalidOptionError } from "../../errors"
import {
    type AutoSequenceModuleAsyncOptions,
    type AutoSequenceModuleOptions,
    type AutoSequenceOptionsFactory,
    type AutoSequenceDataSource,
    checkedModuleOptions,
    OF_DATA_SOURCE,
} from "./module-options"
import { getAutoSequenceOptionsToken } from "./tokens"

/** Exactly one of `useFactory`, `useClass` and `useExisting` is set. */
interface Ways {
    useFactory?: (
        ...injected: unknown[]
    ) => Promise<AutoSequenceModuleOptions> | AutoSequenceModuleOptions
    inject?: (InjectionToken | OptionalFactoryDependency)[]
    useClass?: Type<AutoSequenceOptionsFactory>
    useExisting?: InjectionToken<AutoSequenceOptionsFactory>
}

const WAYS: Forms<Pick<Required<Ways>, "useFactory" | "useClass" | "useExisting">> = {
    useFactory: FUNCTION,
    useClass: FUNCTION,
    useExisting: OF_DATA_SOURCE.dataSourceToken,
}
const FORMS = { ...WAYS, inject: LIST, ...OF_DATA_SOURCE }

/** @internal The options of a module that are made by a factory, a class or a provider. */
export function asyncProviders(options: AutoSequenceModuleAsyncOptions): Provider[] {
    checkedOptions<Ways & AutoSequenceDataSource>(
        "AutoSequenceModule.forRootAsync()",
        options,
        FORMS,
    )
    refuseSeveralWays(options)
    const provide = getAutoSequenceOptionsToken(options.dataSource)
    const { useFactory, inject = [], useClass, useExisting } = options as Ways
    if (useFactory)
        return [
            {
                provide,
                inject,
                useFactory: async (...injected: unknown[]) =>
                    checkedModuleOptions(await useFactory(...injected)),
            },
        ]
    const made: Provider = {
        provide,
        inject: [(useClass ?? useExisting) as InjectionToken],
        useFactory: async (found: AutoSequenceOptionsFactory) =>
            checkedModuleOptions(await found.createAutoSequenceOptions()),
    }
    return useClass ? [made, { provide: useClass, useClass }] : [made]
}

function refuseSeveralWays(options: Ways): void {
    const ways = Object.keys(WAYS).filter((way) => options[way as keyof Ways] !== undefined)
    if (ways.length !== 1)
        throw new InvalidOptionError(
            `AutoSequenceModule.forRootAsync() was given ${ways.join(" and ") || "no way to create the options"}. ` +
                "Give exactly one of useFactory, useClass and useExisting.",
        )
}
