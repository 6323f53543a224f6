import { show } from "../../declared/show"
/** @internal As `TypeOrmModule` calls the data source that has no name. */
export const DEFAULT_DATA_SOURCE = "default"

/**
 * The injection token of a sequence that `AutoSequenceModule.forFeature` provides, for
 * `overrideProvider` and factories. In classes use {@link InjectSequence}.
 *
 * ```ts
 * import type { Provider } from "@nestjs/common"
 * import { getSequenceToken } from "typeorm-autosequence/nestjs"
 *
 * export const sequence: Provider = {
 *     provide: getSequenceToken("invoice_numbers"),
 *     useValue: { next: async () => 7 },
 * }
 * ```
 */
export function getSequenceToken(name: string, dataSource?: string): string {
    return `Sequence(${named(name, dataSource)})`
}

/**
 * The injection token of the options of `AutoSequenceModule.forRoot` or `forRootAsync`.
 *
 * ```ts
 * import { Inject } from "@nestjs/common"
 * import {
 *     type AutoSequenceModuleOptions,
 *     getAutoSequenceOptionsToken,
 * } from "typeorm-autosequence/nestjs"
 *
 * export class StatusService {
 *     constructor(
 *         @Inject(getAutoSequenceOptionsToken()) readonly options: AutoSequenceModuleOptions,
 *     ) {}
 * }
 * ```
 */
export function getAutoSequenceOptionsToken(dataSource?: string): string {
    return `AutoSequenceModuleOptions(${named(dataSource ?? DEFAULT_DATA_SOURCE)})`
}

/**
 * The token of what the others wait for. Nest shows it where it isn't provided, so it says what to import.
 * @internal
 */
export function preparationToken(dataSource = DEFAULT_DATA_SOURCE): string {
    const options = dataSource === DEFAULT_DATA_SOURCE ? "" : `{ dataSource: ${named(dataSource)} }`
    return `AutoSequenceModule.forRoot(${options})`
}

function named(name: string, dataSource = DEFAULT_DATA_SOURCE): string {
    const names = dataSource === DEFAULT_DATA_SOURCE ? [name] : [name, dataSource]
    return names.map((one) => show(one)).join(", ")
}
