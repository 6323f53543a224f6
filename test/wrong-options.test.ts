import { Column, DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import * as core from "../src"
import { itRefuses } from "./support/wrong-options"

@Entity()
class Letter {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "varchar", length: 20 }) box!: string
    @core.AutoSequenceColumn({ uniqueWith: "box", strategy: "counter" }) number!: number
    @core.PseudoKey({ prefix: "let" }) key!: string
}

const dataSource = new DataSource(core.withAutoSequence({ type: "sqljs", entities: [Letter] }))
const work = () => Promise.resolve()

describe("What is no option at all is refused by a typed error", () => {
    before(() => dataSource.initialize())
    after(() => dataSource.destroy())

    itRefuses({
        calls: {
            AutoSequenceColumn: (options) => {
                core.AutoSequenceColumn(options)(class {}.prototype, "number")
            },
            PseudoKey: (options) => {
                core.PseudoKey(options)(class {}.prototype as object, "key" as never)
            },
            withAutoSequence: (options) => core.withAutoSequence({}, options),
            "withAutoSequence of a data source": (options) => core.withAutoSequence(options),
            counterEntity: (options) => core.counterEntity(options),
            eventEntity: (options) => core.eventEntity(options),
            seriesEntity: (options) => core.seriesEntity(options),
            keyEntity: (options) => core.keyEntity(options),
            installAutoSequence: (options) => core.installAutoSequence(dataSource, options),
            verifyAutoSequence: (options) => core.verifyAutoSequence(dataSource, options),
            generateMigration: (options) => core.generateMigration(dataSource, options),
            backfillPseudoKeys: (options) => core.backfillPseudoKeys(dataSource, Letter, options),
            findByPseudoKey: (options) =>
                core.findByPseudoKey(dataSource.manager, Letter, "let_a", options),
            "findByPseudoKey of a repository": (options) =>
                core.findByPseudoKey(dataSource.getRepository(Letter), "let_a", options),
            findByPseudoKeyOrFail: (options) =>
                core.findByPseudoKeyOrFail(dataSource.manager, Letter, "let_a", options),
            resolvePseudoKey: (options) => core.resolvePseudoKey(dataSource, "let_a", options),
            wherePseudoKey: (options) => core.wherePseudoKey(dataSource, Letter, "let_a", options),
            withTableLock: (options) => core.withTableLock(dataSource, Letter, work, options),
            transactionWithRetry: (options) => core.transactionWithRetry(dataSource, work, options),
            Sequence: (options) => new core.Sequence("a", options),
            "Sequence.next": (options) => new core.Sequence("a").next(dataSource, options),
            "Sequence.inScope": (scope) => new core.Sequence("a").inScope(scope).next(dataSource),
            "scope of seriesOf": (scope) => core.seriesOf(dataSource, Letter, "number").last(scope),
            "next of seriesOf": (options) =>
                core.seriesOf(dataSource, Letter, "number").next(dataSource, { box: "a" }, options),
            "setNext of seriesOf": (options) =>
                core
                    .seriesOf(dataSource, Letter, "number")
                    .setNext(dataSource.manager, { box: "a" }, 1, options),
        },
        wrong: {
            withAutoSequence: { counterTable: null, keyTable: { name: 5n }, strict: true },
            "withAutoSequence of a data source": { subscribers: null, entities: null },
            counterEntity: { name: null, schema: 5 },
            eventEntity: { name: null, schema: 5 },
            seriesEntity: { name: null, schema: 5 },
            keyEntity: { name: 5n, schema: null },
            installAutoSequence: { orderBy: null, rename: { a: 5 }, unknown: 1 },
            verifyAutoSequence: { counters: "yes", unknown: 1 },
            generateMigration: {
                name: 5n,
                timestamp: "now",
                orderBy: { Letter: 5 },
                rename: null,
                renumber: 1,
                format: "java",
                unknown: 1,
            },
            backfillPseudoKeys: {
                property: 5,
                batchSize: 5n,
                onProgress: {},
                signal: 1,
                unknown: 1,
            },
            findByPseudoKey: { property: null, retired: 1 },
            "findByPseudoKey of a repository": { property: 5n, retired: null },
            findByPseudoKeyOrFail: { property: {}, retired: "no" },
            resolvePseudoKey: { property: null, entity: 5n },
            wherePseudoKey: { property: null, retired: 1 },
            withTableLock: { isolationLevel: "HIGH", unknown: 1 },
            transactionWithRetry: {
                attempts: 5n,
                isolationLevel: null,
                minDelay: 5n,
                maxDelay: null,
                signal: {},
                unknown: 1,
            },
            Sequence: { startAt: {}, type: null, unknown: 1 },
            "Sequence.next": { nowait: 1, unknown: 1 },
            "scope of seriesOf": { box: {}, unknown: 1 },
            "next of seriesOf": { nowait: 1, unknown: 1 },
            "setNext of seriesOf": { reason: 5n, by: null, unknown: 1 },
        },
        others: {
            "an entity of findByPseudoKey": (entity) =>
                core.findByPseudoKey(dataSource.manager, entity, "let_a"),
            "a manager of findByPseudoKeyOrFail": (manager) =>
                core.findByPseudoKeyOrFail(manager, Letter, "let_a"),
            "a data source of resolvePseudoKey": (target) => core.resolvePseudoKey(target, "let_a"),
            "a data source of wherePseudoKey": (target) =>
                core.wherePseudoKey(target, Letter, "let_a"),
            "a data source of backfillPseudoKeys": (target) =>
                core.backfillPseudoKeys(target, Letter),
            "an entity of backfillPseudoKeys": (entity) =>
                core.backfillPseudoKeys(dataSource, entity),
            "a data source of resyncCounters": (target) => core.resyncCounters(target),
            "a data source of generateMigration": (target) => core.generateMigration(target),
            "a data source of installAutoSequence": (target) => core.installAutoSequence(target),
            "a data source of verifyAutoSequence": (target) => core.verifyAutoSequence(target),
            "a data source of transactionWithRetry": (target) =>
                core.transactionWithRetry(target, work),
            "the work of transactionWithRetry": (given) =>
                core.transactionWithRetry(dataSource, given),
            "the work of withTableLock": (given) => core.withTableLock(dataSource, Letter, given),
            "an entity of withTableLock": (entity) => core.withTableLock(dataSource, entity, work),
            "the name of a Sequence": (name) => new core.Sequence(name),
            "a count of nextMany": (count) => new core.Sequence("a").nextMany(dataSource, count),
            "a target of next": (target) => new core.Sequence("a").next(target, {}),
            "a data source of seriesOf": (target) => core.seriesOf(target, Letter, "number"),
            "the property of seriesOf": (property) => core.seriesOf(dataSource, Letter, property),
            "the entity of seriesOf": (entity) =>
                core.seriesOf(dataSource, entity, "number").last(),
            "a manager of seriesOf": (manager) =>
                core.seriesOf(dataSource, Letter, "number").next(manager, { box: "a" }),
            "a schema of withPseudoKeys": (given) => core.withPseudoKeys(given, {}),
            "a schema of withAutoSequenceColumns": (given) =>
                core.withAutoSequenceColumns(given, {}),
        },
    })
})
