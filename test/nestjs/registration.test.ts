import { Module, type OnModuleInit } from "@nestjs/common"
import { LazyModuleLoader } from "@nestjs/core"
import { TypeOrmModule } from "@nestjs/typeorm"
import { expect } from "chai"
import { DataSource, EventSubscriber } from "typeorm"
import { autoSequenceEntities, AutoSequenceSubscriber, withAutoSequence } from "../../src"
import { AutoSequenceModule } from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { Applications } from "./applications"
import { Page, Parcel, Receipt, saveNew } from "./entities"

onOnePostgres("Where AutoSequenceModule is imported", (database) => {
    const applications = new Applications()
    afterEach(() => applications.close())

    const newOptions = async () => ({ ...(await database().newOptions()), synchronize: true })
    const autoLoading = async () => ({ ...(await newOptions()), autoLoadEntities: true })
    const receipts = TypeOrmModule.forFeature([Receipt])
    const subscribersOf = ({ subscribers }: DataSource) =>
        subscribers.filter((one) => one instanceof AutoSequenceSubscriber)

    it("numbers rows, whichever of the two modules comes first", async () => {
        for (const isFirst of [true, false]) {
            const typeOrm = TypeOrmModule.forRoot(await autoLoading())
            const numbers = AutoSequenceModule.forRoot()
            const application = await applications.start({
                imports: [...(isFirst ? [numbers, typeOrm] : [typeOrm, numbers]), receipts],
            })
            expect(await saveNew(Receipt, application.get(DataSource))).to.eql([1, 2])
            await applications.close()
        }
    })

    it("numbers rows of a data source whose options come later than everything else", async () => {
        const typeOrm = TypeOrmModule.forRootAsync({ useFactory: autoLoading })
        const application = await applications.start({
            imports: [AutoSequenceModule.forRoot(), typeOrm, receipts],
        })
        expect(await saveNew(Receipt, application.get(DataSource))).to.eql([1, 2])
    })

    it("numbers rows where each of the two modules is deep in another one", async () => {
        @Module({ imports: [TypeOrmModule.forRoot(await autoLoading())] })
        class DatabaseModule {}

        @Module({ imports: [DatabaseModule] })
        class CoreModule {}

        @Module({ imports: [receipts, AutoSequenceModule.forRoot()] })
        class ReceiptsModule {}

        const application = await applications.start({ imports: [ReceiptsModule, CoreModule] })
        expect(await saveNew(Receipt, application.get(DataSource))).to.eql([1, 2])
    })

    it("numbers rows of entities that are named, where their strategy needs no table", async () => {
        const application = await applications.start({
            imports: [
                TypeOrmModule.forRoot({ ...(await newOptions()), entities: [Parcel] }),
                AutoSequenceModule.forRoot(),
            ],
        })
        expect(await saveNew(Parcel, application.get(DataSource))).to.eql([1, 2])
    })

    it("numbers rows of entities that are named by withAutoSequence", async () => {
        const options = withAutoSequence({ ...(await newOptions()), entities: [Receipt] })
        const application = await applications.start({
            imports: [TypeOrmModule.forRoot(options), AutoSequenceModule.forRoot()],
        })
        const dataSource = application.get(DataSource)
        expect(await saveNew(Receipt, dataSource)).to.eql([1, 2])
        expect(subscribersOf(dataSource)).to.have.length(1)
    })

    it("registers one subscriber, however often it is imported", async () => {
        @Module({ imports: [AutoSequenceModule.forRoot()] })
        class OtherModule {}

        const application = await applications.start({
            imports: [
                AutoSequenceModule.forRoot(),
                AutoSequenceModule.forRoot(),
                OtherModule,
                TypeOrmModule.forRoot(withAutoSequence(await autoLoading())),
                receipts,
            ],
        })
        const dataSource = application.get(DataSource)
        expect(await saveNew(Receipt, dataSource)).to.eql([1, 2])
        expect(await saveNew(Receipt, dataSource)).to.eql([3, 4])
        expect(subscribersOf(dataSource)).to.have.length(1)
    })

    it("leaves the subscribers of the application where they are", async () => {
        const inserted: unknown[] = []

        @EventSubscriber()
        class Audit {
            afterInsert({ entity }: { entity: Receipt }): void {
                inserted.push(entity.number)
            }
        }
        const application = await applications.start({
            imports: [
                TypeOrmModule.forRoot({ ...(await autoLoading()), subscribers: [Audit] }),
                AutoSequenceModule.forRoot(),
                receipts,
            ],
        })
        await saveNew(Receipt, application.get(DataSource))
        expect(inserted).to.eql([1, 2])
    })

    it("numbers the rows that other modules save when they are initialized", async () => {
        @Module({ imports: [receipts] })
        class SeedModule implements OnModuleInit {
            numbers: number[] = []
            constructor(private readonly dataSource: DataSource) {}
            async onModuleInit(): Promise<void> {
                this.numbers = await saveNew(Receipt, this.dataSource)
            }
        }
        const application = await applications.start({
            imports: [
                SeedModule,
                TypeOrmModule.forRoot(await autoLoading()),
                AutoSequenceModule.forRoot(),
            ],
        })
        expect(application.get(SeedModule).numbers).to.eql([1, 2])
    })

    it("numbers the rows that a provider saves while it is made", async () => {
        for (const options of [
            await autoLoading(),
            { ...(await newOptions()), entities: [Receipt, ...autoSequenceEntities] },
        ])
            for (const isFirst of [true, false]) {
                @Module({
                    imports: [TypeOrmModule.forRoot({ ...options, dropSchema: true })],
                    providers: [
                        {
                            provide: "seeded",
                            inject: [DataSource],
                            useFactory: (dataSource: DataSource) => saveNew(Receipt, dataSource),
                        },
                    ],
                })
                class SeedModule {}

                const numbers = AutoSequenceModule.forRoot()
                const application = await applications.start({
                    imports: isFirst ? [numbers, SeedModule] : [SeedModule, numbers],
                })
                expect(application.get("seeded")).to.eql([1, 2])
                await applications.close()
            }
    })

    it("shows keys without a column on loaded rows, where it comes after their metadata", async () => {
        const application = await applications.start({
            imports: [
                TypeOrmModule.forRoot({ ...(await newOptions()), entities: [Page] }),
                AutoSequenceModule.forRoot(),
            ],
        })
        const { manager } = application.get(DataSource)
        const { publicId } = await manager.save(manager.create(Page, { title: "Earl Grey" }))
        await manager.createQueryBuilder().update("registered_page").set({ slug: null }).execute()
        const page = await manager.findOneByOrFail(Page, {})
        expect(page.publicId)
            .to.match(/^page_.{22}$/)
            .and.equal(publicId)
        expect(page.slug).to.equal("Earl-Grey")
    })

    it("can be loaded when the application runs already", async () => {
        @Module({ imports: [AutoSequenceModule.forRoot()] })
        class LateModule {}

        const application = await applications.start({
            imports: [TypeOrmModule.forRoot({ ...(await newOptions()), entities: [Parcel] })],
        })
        await application.get(LazyModuleLoader).load(() => LateModule)
        expect(await saveNew(Parcel, application.get(DataSource))).to.eql([1, 2])
    })
})
