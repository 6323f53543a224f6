import { inspect } from "node:util"
import { Inject, type Provider } from "@nestjs/common"
import { InstanceChecker } from "typeorm"
import { refuseOtherCounting } from "../../sequence/place"
import { Sequence } from "../../sequence/sequence"
import type { SequenceOptions, SequenceType } from "../../sequence/types"
import type { Preparation } from "./preparation"
import { getSequenceToken, preparationToken } from "./tokens"

/** A sequence that `AutoSequenceModule.forFeature` provides. */
export interface NamedSequence extends Omit<SequenceOptions<SequenceType>, "dataSource"> {
    /** The name of the sequence. */
    name: string
}

/**
 * Injects a {@link Sequence} that `AutoSequenceModule.forFeature` provides.
 *
 * ```ts
 * import { Injectable } from "@nestjs/common"
 * import { DataSource } from "typeorm"
 * import type { Sequence } from "typeorm-autosequence"
 * import { InjectSequence } from "typeorm-autosequence/nestjs"
 *
 * @Injectable()
 * export class ReceiptsService {
 *     constructor(
 *         private readonly dataSource: DataSource,
 *         @InjectSequence("receipts") private readonly receipts: Sequence,
 *     ) {}
 *
 *     print(): Promise<string> {
 *         return this.dataSource.transaction(async (manager) => {
 *             return `Receipt ${await this.receipts.next(manager)}`
 *         })
 *     }
 * }
 * ```
 */
export function InjectSequence(
    name: string,
    dataSource?: string,
): PropertyDecorator & ParameterDecorator {
    return Inject(getSequenceToken(name, dataSource))
}

/** @internal */
export function sequenceProviders(
    { name, ...options }: NamedSequence,
    dataSource?: string,
): Provider[] {
    // What is wrong with the options is refused here, and not when the application starts.
    const unbound = new Sequence(name, options)
    const token = getSequenceToken(name, dataSource)
    return [
        {
            provide: token,
            inject: [preparationToken(dataSource)],
            useFactory: async (preparation: Preparation) => {
                const { dataSource: target } = preparation
                if (!InstanceChecker.isDataSource(target)) return unbound
                await preparation.checkCounterTable()
                await preparation.check(() => {
                    refuseOtherCounting(target, unbound.counting)
                })
                return new Sequence(name, { ...options, dataSource: target })
            },
        },
        // NestJS 10 takes modules for one that differ in nothing which can be written down.
        { provide: `Options of ${token}`, useValue: inspect(options, { depth: 3 }) },
    ]
}
