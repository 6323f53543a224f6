import { expect } from "chai"
import type { DataSource, MigrationInterface } from "typeorm"
import ts from "typescript"
import * as library from "../../src"
import { type GeneratedMigration, generateMigration } from "../../src"
import type { TestDatabase } from "../support/databases"

type Entities = Parameters<TestDatabase["connect"]>[0]
type MigrationClass = new () => MigrationInterface

/** The class in a migration's source text. */
export function classOf({ name, source }: GeneratedMigration): MigrationClass {
    const { outputText } = ts.transpileModule(source, {
        compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
        reportDiagnostics: true,
    })
    const exported: Record<string, MigrationClass> = {}
    // oxlint-disable-next-line typescript/no-implied-eval
    new Function("exports", "require", outputText)(exported, (name: string) =>
        // oxlint-disable-next-line typescript/no-require-imports
        name === "typeorm-autosequence" ? library : (require(name) as unknown),
    )
    return exported[name]!
}

/** What TypeORM's own schema builder would do now. */
export async function pendingOfTypeORM(dataSource: DataSource): Promise<string[]> {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log()
    return upQueries.map(({ query }) => query)
}

/** Expects that neither this library nor TypeORM sees anything to do. */
export async function expectUpToDate(dataSource: DataSource): Promise<void> {
    expect((await generateMigration(dataSource))?.up ?? []).to.eql([])
    expect(await pendingOfTypeORM(dataSource)).to.eql([])
}

/** A data source with these entities in the place of another one, whose tables stay as they are. */
export async function changeEntities(
    database: TestDatabase,
    before: DataSource,
    entities: Entities,
    options: Parameters<TestDatabase["connect"]>[1] = {},
): Promise<DataSource> {
    return database.connect(entities, { synchronize: false, ...options, sameAs: before })
}

/** Generates a migration for these entities, and runs it as TypeORM does. */
export async function migrate(
    database: TestDatabase,
    before: DataSource,
    entities: Entities,
    options: Parameters<typeof generateMigration>[1] = {},
): Promise<{ dataSource: DataSource; migration: GeneratedMigration }> {
    const changed = await changeEntities(database, before, entities)
    const migration = await generateMigration(changed, options)
    if (!migration) throw new Error("There is nothing to migrate.")
    const dataSource = await changeEntities(database, changed, entities, {
        migrations: [classOf(migration)],
    })
    const done = await dataSource.runMigrations()
    expect(done.map(({ name }) => name)).to.eql([migration.name])
    return { dataSource, migration }
}

/** A table as TypeORM reads it from the database: columns and indexes. */
export async function shapeOf(dataSource: DataSource, entity: string) {
    const runner = dataSource.createQueryRunner()
    try {
        const table = await runner.getTable(dataSource.getMetadata(entity).tablePath)
        return {
            columns: table?.columns.map((c) => [c.name, c.type, c.isNullable]).sort(),
            indexes: table?.indices.map((i) => [i.columnNames.join(), i.isUnique, i.where]).sort(),
            foreignKeys: table?.foreignKeys.map((key) => key.columnNames).sort(),
        }
    } finally {
        await runner.release()
    }
}
