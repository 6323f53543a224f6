import type { INestApplication, LoggerService, ModuleMetadata } from "@nestjs/common"
import { TypeOrmModule, type TypeOrmModuleOptions } from "@nestjs/typeorm"
import { AutoSequenceModule, type AutoSequenceModuleOptions } from "../../src/nestjs"
import { Test, type TestingModuleBuilder } from "@nestjs/testing"

/**
 * The messages of an application, by level. Without those of TypeOrmModule, which goes on trying to connect
 * for applications that an earlier test has left because they did not start.
 */
export class Messages implements LoggerService {
    readonly warnings: string[] = []
    readonly errors: string[] = []
    log(): void {}
    debug(): void {}
    verbose(): void {}
    warn(message: unknown, ...others: unknown[]): void {
        if (others.at(-1) !== "TypeOrmModule") this.warnings.push(String(message))
    }
    error(message: unknown, ...others: unknown[]): void {
        if (others.at(-1) !== "TypeOrmModule") this.errors.push(String(message))
    }
}

export interface StartOptions {
    /** Changes the module before it is compiled, as `overrideProvider` does. */
    readonly change?: (builder: TestingModuleBuilder) => TestingModuleBuilder
    readonly messages?: Messages
}

/** The applications of a test, which are closed when it ends. Close them before the database. */
export class Applications {
    private readonly running: INestApplication[] = []

    /** Starts an application that listens at a free port. */
    async start(metadata: ModuleMetadata, options: StartOptions = {}): Promise<INestApplication> {
        const application = await this.create(metadata, options)
        await application.listen(0, "127.0.0.1")
        return application
    }

    /** Starts one that has a data source and the library's module, and keeps its messages. */
    async startOn(
        dataSource: TypeOrmModuleOptions,
        options: AutoSequenceModuleOptions,
    ): Promise<{ application: INestApplication; messages: Messages }> {
        const messages = new Messages()
        // Of an application that is refused nobody closes the connections.
        const extra = { idleTimeoutMillis: 1 }
        const imports = [
            TypeOrmModule.forRoot({ ...dataSource, extra } as TypeOrmModuleOptions),
            AutoSequenceModule.forRoot(options),
        ]
        return { application: await this.start({ imports }, { messages }), messages }
    }

    /** An application whose providers are there; `init()` or `listen()` calls the hooks. */
    async create(
        metadata: ModuleMetadata,
        { change = (builder) => builder, messages = new Messages() }: StartOptions = {},
    ): Promise<INestApplication> {
        const builder = change(Test.createTestingModule(metadata)).setLogger(messages)
        const application = (await builder.compile()).createNestApplication()
        this.running.push(application)
        return application
    }

    async close(): Promise<void> {
        for (const application of this.running.splice(0)) await application.close()
    }
}
