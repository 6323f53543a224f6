import { COUNTER_ENTITY } from "../../declared/own-tables"
import { Logger } from "@nestjs/common"
import { type DataSource, InstanceChecker } from "typeorm"
import { AutoSequenceError, NotInstalledError } from "../../errors"
import { registerSubscriber } from "../../register-subscriber"
import { installAutoSequence } from "../../schema/install/install"
import { verifyAutoSequence, verifyCounterTable } from "../../schema/verify/verify"
import { receiveWarnings } from "../../signals/log"
import { withAutoSequence } from "../../with-auto-sequence"
import type { AutoSequenceModuleOptions } from "./module-options"

const AUTO_LOAD =
    "This data source doesn't have the library's own tables. Import AutoSequenceModule before TypeOrmModule creates it, " +
    "and set autoLoadEntities: true, or pass the options that withAutoSequence(options) returns to TypeOrmModule."

/** @internal What is done to a data source before anybody uses it. */
export class Preparation {
    private readonly logger = new Logger("AutoSequenceModule")
    private isDone = false
    private counterTable: Promise<void> | undefined

    constructor(
        readonly dataSource: DataSource,
        readonly options: AutoSequenceModuleOptions,
    ) {}

    /** Registers the subscriber, and what else still can be. */
    static register(dataSource: DataSource): void {
        if (!InstanceChecker.isDataSource(dataSource)) return
        const { isInitialized, options } = dataSource
        const { subscribers, entities } = withAutoSequence(options)
        // Read whenever it is initialized, maybe once more. The object is the application's.
        const changed = isInitialized ? { subscribers } : { subscribers, entities }
        Object.assign(dataSource, { options: { ...options, ...changed } })
        if (isInitialized) registerSubscriber(dataSource)
    }

    /** Lets Nest's logger have what is told while the application runs, until what this returns is called. */
    logWarnings(): () => void {
        if (!InstanceChecker.isDataSource(this.dataSource)) return () => {}
        return receiveWarnings(this.dataSource, (text) => {
            this.logger.warn(text)
        })
    }

    async start(): Promise<void> {
        // Tests put something else in its place.
        if (!InstanceChecker.isDataSource(this.dataSource)) this.isDone = true
        if (this.isDone || !this.dataSource.isInitialized) return
        this.isDone = true
        const { install = false } = this.options
        if (install) await this.install(install === true ? {} : install)
        await this.check(() => verifyAutoSequence(this.dataSource))
    }

    /** For a data source that the application initializes itself. */
    async finish(): Promise<void> {
        await this.start()
        if (this.isDone || this.options.verify === false) return
        this.report(
            new NotInstalledError(
                "The data source is not initialized when the application starts, so it can't be checked. " +
                    "Call verifyAutoSequence(dataSource) after initialize(), and set verify: false.",
            ),
        )
    }

    /** For sequences, of which there may be many. */
    checkCounterTable(): Promise<void> {
        return (this.counterTable ??= this.check(() => verifyCounterTable(this.dataSource)))
    }

    /** Reports what a check finds, as the options want it. */
    async check(verify: () => unknown): Promise<void> {
        if (this.options.verify === false || !this.isDone) return
        try {
            await verify()
        } catch (error) {
            this.report(this.explain(error))
        }
    }

    private async install(options: Parameters<typeof installAutoSequence>[1]): Promise<void> {
        try {
            await installAutoSequence(this.dataSource, options)
        } catch (error) {
            throw this.explain(error)
        }
    }

    /** Says how it is done in Nest. */
    private explain(error: unknown): unknown {
        const { entityMetadatas } = this.dataSource
        const isKnown = entityMetadatas.some(({ name }) => name === COUNTER_ENTITY)
        return error instanceof NotInstalledError && !isKnown
            ? new NotInstalledError(`${error.message}\n${AUTO_LOAD}`, { cause: error })
            : error
    }

    private report(error: unknown): void {
        if (this.options.strict) throw error
        if (!(error instanceof AutoSequenceError)) {
            this.logger.warn(`The data source could not be checked: ${String(error)}`)
            return
        }
        // One entry for each problem, as those who collect logs count entries.
        for (const line of error.message.split("\n")) this.logger.warn(`${line} (${error.code})`)
    }
}
