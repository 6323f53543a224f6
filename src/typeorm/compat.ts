import { type DataSource, getMetadataArgsStorage } from "typeorm"
import type { Target } from "../declared/registry"

/**
 * TypeORM 0.3 calls it `connection` in events, query runners and metadata, 1.x `dataSource`.
 * @internal
 */
export function dataSourceOf(owner: object): DataSource {
    const named = owner as { dataSource?: DataSource; connection?: DataSource }
    return (named.dataSource ?? named.connection) as DataSource
}

/**
 * What TypeORM's decorators have declared for a property up to now.
 * @internal
 */
export function findDeclaredColumns(target: Target, propertyName: string): unknown[] {
    const { columns, relations, embeddeds } = getMetadataArgsStorage()
    return [...columns, ...relations, ...embeddeds].filter(
        (args) => args.target === target && args.propertyName === propertyName,
    )
}
