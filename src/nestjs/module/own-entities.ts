import { TypeOrmModule } from "@nestjs/typeorm"
import { type EntityMetadata, type EntitySchema, InstanceChecker } from "typeorm"
import { registerSubscriber } from "../../register-subscriber"
import { counterEntity } from "../../tables/counter-entity"
import { eventEntity } from "../../tables/event-entity"
import { keyEntity } from "../../tables/key-entity"
import { seriesEntity } from "../../tables/setting-entity"
import { hideTableUnless, renameEntity } from "../../typeorm/metadata/altered-metadata"
import { onMetadata } from "../../typeorm/metadata/index-metadata"
import { dataSourceOf } from "../../typeorm/compat"

type AnySchema = EntitySchema<never>

/** One pair for all applications of a process: Nest keeps by data source name what it is given. */
const ownEntities = [counterEntity(), keyEntity(), eventEntity(), seriesEntity()].map(
    (entity) => entity as unknown as AnySchema,
)

for (const { options } of ownEntities) {
    const { name } = options
    // TypeORM would give two schemas of one name the columns and indexes of both.
    options.name = `${name}Loaded`
    options.indices?.push({
        columns: onMetadata((metadata) => {
            arrive(metadata, name)
        }),
    })
}

/**
 * Lets data sources of this name that have `autoLoadEntities` load the counter table and the history
 * of keys, and the subscriber with them, before they are initialized.
 * @internal
 */
export function autoLoadOwnEntities(dataSource: string): void {
    // Nest notes the entities when it is asked for a module. Repositories of them are of no use.
    TypeOrmModule.forFeature(ownEntities, dataSource)
}

function arrive(metadata: EntityMetadata, name: string): void {
    const dataSource = dataSourceOf(metadata)
    registerSubscriber(dataSource)
    const isTwice = Object.values(dataSource.options.entities ?? {}).some(
        (other) => InstanceChecker.isEntitySchema(other) && other.options.name === name,
    )
    // The application has named the table itself, so this one steps aside.
    if (isTwice) hideTableUnless(metadata, () => false)
    else renameEntity(metadata, name)
}
