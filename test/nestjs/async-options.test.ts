import { Injectable, Module } from "@nestjs/common"
import { TypeOrmModule } from "@nestjs/typeorm"
import { expect } from "chai"
import { DataSource } from "typeorm"
import { InvalidOptionError, NotInstalledError } from "../../src"
import {
    type AutoSequenceModuleAsyncOptions,
    AutoSequenceModule,
    type AutoSequenceModuleOptions,
    type AutoSequenceOptionsFactory,
    type AutoSequenceRootOptions,
    getAutoSequenceOptionsToken,
} from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { Applications, Messages } from "./applications"
import { Parcel, saveNew } from "./entities"

/** Where they come from; what is missing is refused by them, and just a warning without. */
@Injectable()
class Settings {
    readonly isStrict = true
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

@Injectable()
class StrictOptions implements AutoSequenceOptionsFactory {
    createAutoSequenceOptions(): Promise<AutoSequenceModuleOptions> {
        return Promise.resolve({ strict: true })
    }
}

@Module({ providers: [StrictOptions], exports: [StrictOptions] })
class StrictOptionsModule {}

@Injectable()
class OptionsBySettings implements AutoSequenceOptionsFactory {
    constructor(private readonly settings: Settings) {}
    createAutoSequenceOptions(): AutoSequenceModuleOptions {
        return { strict: this.settings.isStrict }
    }
}

const ways: Record<string, AutoSequenceModuleAsyncOptions> = {
    useFactory: { useFactory: () => ({ strict: true }) },
    "useFactory, with what is injected": {
        imports: [SettingsModule],
        inject: [Settings, { token: "nowhere", optional: true }],
        useFactory: async ({ isStrict }: Settings, nothing: unknown) => {
            await Promise.resolve()
            return { strict: isStrict && nothing === undefined }
        },
    },
    useClass: { useClass: StrictOptions },
    "useClass, with what is injected": { imports: [SettingsModule], useClass: OptionsBySettings },
    useExisting: { imports: [StrictOptionsModule], useExisting: StrictOptions },
}

onOnePostgres("The options of AutoSequenceModule", (database) => {
    const applications = new Applications()
    afterEach(() => applications.close())

    const withoutTables = async () =>
        TypeOrmModule.forRoot({ ...(await database().newOptions()), entities: [Parcel] })

    for (const [way, options] of Object.entries(ways))
        it(`may come from ${way}`, async () => {
            const started = applications.start({
                imports: [await withoutTables(), AutoSequenceModule.forRootAsync(options)],
            })
            await expect(started).to.be.rejectedWith(NotInstalledError, "There is no table")
        })

    it("may take longer than the data source, which numbers meanwhile", async () => {
        const options = { ...(await database().newOptions()), synchronize: true }
        @Module({
            imports: [TypeOrmModule.forRoot({ ...options, entities: [Parcel] })],
            providers: [
                {
                    provide: "seeded",
                    inject: [DataSource],
                    useFactory: (dataSource: DataSource) => saveNew(Parcel, dataSource),
                },
            ],
            exports: ["seeded"],
        })
        class SeedModule {}

        const application = await applications.start({
            imports: [
                SeedModule,
                AutoSequenceModule.forRootAsync({
                    imports: [SeedModule],
                    inject: ["seeded"],
                    useFactory: () => ({ strict: true }),
                }),
            ],
        })
        expect(application.get("seeded")).to.eql([1, 2])
    })

    it("are there for others to be injected", async () => {
        for (const [token, module] of Object.entries({
            [getAutoSequenceOptionsToken()]: AutoSequenceModule.forRoot({ verify: false }),
            [getAutoSequenceOptionsToken("default")]: AutoSequenceModule.forRootAsync({
                useFactory: () => ({ verify: false }),
            }),
        })) {
            const application = await applications.start({
                imports: [await withoutTables(), module],
                providers: [
                    {
                        provide: "seen",
                        inject: [token],
                        useFactory: (options: unknown) => [options],
                    },
                ],
            })
            expect(application.get("seen")).to.eql([{ verify: false }])
            await applications.close()
        }
    })

    it("are told apart by data sources", () => {
        const tokens = [undefined, "north", "south"].map((name) =>
            getAutoSequenceOptionsToken(name),
        )
        expect(new Set(tokens)).to.have.property("size", 3)
    })

    it("are refused where they are misspelt", async () => {
        const misspelt = { stric: true } as AutoSequenceRootOptions
        const says = 'no option "stric"'
        expect(() => AutoSequenceModule.forRoot(misspelt)).to.throw(InvalidOptionError, says)
        class Misspelt {
            createAutoSequenceOptions() {
                return misspelt
            }
        }
        for (const options of [{ useFactory: () => misspelt }, { useClass: Misspelt }]) {
            const imports = [await withoutTables(), AutoSequenceModule.forRootAsync(options)]
            await expect(applications.start({ imports })).to.be.rejectedWith(
                InvalidOptionError,
                says,
            )
        }
    })

    it("are refused where they are none", async () => {
        const imports = [
            await withoutTables(),
            AutoSequenceModule.forRootAsync({
                useFactory: () => undefined as unknown as AutoSequenceModuleOptions,
            }),
        ]
        await expect(applications.start({ imports })).to.be.rejectedWith(
            InvalidOptionError,
            "the options are undefined, give an object",
        )
    })

    it("are refused where there is no way to make them, or more than one", () => {
        const useFactory = () => ({})
        const refused: [options: object, says: string][] = [
            [{}, "no way to create the options"],
            [{ useFactory, useClass: StrictOptions }, "useFactory and useClass"],
            [{ useClass: StrictOptions, useExisting: StrictOptions }, "useClass and useExisting"],
        ]
        for (const [options, says] of refused)
            expect(() =>
                AutoSequenceModule.forRootAsync(options as AutoSequenceModuleAsyncOptions),
            ).to.throw(InvalidOptionError, says)
    })

    it("may leave a way undefined", async () => {
        const options = {
            useFactory: () => ({ verify: false }),
            useClass: undefined,
        } as unknown as AutoSequenceModuleAsyncOptions
        const messages = new Messages()
        const imports = [await withoutTables(), AutoSequenceModule.forRootAsync(options)]
        await applications.start({ imports }, { messages })
        expect(messages.warnings).to.eql([])
    })

    it("of which one belongs to forRootAsync itself is refused where it is known in advance", () => {
        // redirectRetiredKeys beside useFactory would be ignored without a word.
        const options = { useFactory: () => ({}), strict: true }
        expect(() => AutoSequenceModule.forRootAsync(options)).to.throw(
            InvalidOptionError,
            "strict",
        )
    })
})
