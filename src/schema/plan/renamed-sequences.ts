import type { QueryRunner } from "typeorm"
import type { StoredSequence } from "../../dialects/statements/schema-statements"
import type { Alteration } from "../../typeorm/metadata/altered-metadata"
import { type ColumnMetadata, tableName } from "../../typeorm/names"
import { select } from "../../typeorm/statement"
import type { Inventory } from "./inventory"
import type { Steps } from "./steps"

/** @internal The sequence of a generated column that has kept its name when its table was renamed. */
interface RenamedSequence extends StoredSequence {
    readonly column: ColumnMetadata
    readonly default: string
    /** The name that it is to have. */
    readonly newName: string
}

/**
 * TypeORM knows a sequence by its name alone. One of a renamed table it would leave behind, and the column
 * without a default.
 * @internal
 */
export async function findRenamedSequences(
    runner: QueryRunner,
    { tables, dialect }: Inventory,
): Promise<RenamedSequence[]> {
    const { sequences } = dialect.schema
    const found: RenamedSequence[] = []
    for (const { metadata, table } of sequences ? tables : [])
        for (const column of metadata.generatedColumns) {
            const { databaseName: name, generationStrategy } = column
            const stored = table.findColumnByName(name)
            const value = stored?.default as string | undefined
            if (generationStrategy !== "increment" || stored?.isGenerated || !value) continue
            const newName = `${metadata.tableName}_${name}_seq`
            if (!value.startsWith("nextval(") || newName.length > MAX_LENGTH) continue
            const owned = sequences?.selectOwned(tableName(metadata), name)
            const [sequence] = owned ? await select<StoredSequence>(runner, owned) : []
            if (sequence) found.push({ ...sequence, column, default: value, newName })
        }
    return found
}

/** Longer names are cut off. */
const MAX_LENGTH = 63

/** @internal Shows TypeORM a column as one that has the default that is there. */
export function withItsDefault({ column, default: value }: RenamedSequence): Alteration[] {
    const values: Partial<ColumnMetadata> = {
        isGenerated: false,
        generationStrategy: undefined,
        default: () => value,
    }
    return [[column, values]]
}

/** @internal */
export async function renameSequences(
    steps: Steps,
    { dialect: { schema } }: Inventory,
    renamed: readonly RenamedSequence[],
): Promise<void> {
    for (const { column, schema: prefix, name, newName } of renamed) {
        const rename = (from: string, to: string) => ({
            sql: schema.sequences?.rename(prefix, from, to) ?? "",
        })
        await steps.sql(
            rename(name, newName),
            `The sequence of ${column.entityMetadata.tablePath}.${column.databaseName} gets the name that it has to have.`,
            rename(newName, name),
        )
    }
}
