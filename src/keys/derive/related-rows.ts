import type { EntityManager, EntityMetadata, ObjectLiteral } from "typeorm"
import type { Flush } from "../../numbers/flush"
import { preparedText } from "../../series/scope"
import { groupBy } from "../../group-by"

/** @internal A stored row, and the relations that lead from it to what is looked for. */
export interface Place {
    readonly metadata: EntityMetadata
    readonly id: ObjectLiteral
    /** Names of relations, with dots between. */
    readonly path: string
}

type RelationMetadata = EntityMetadata["relations"][number]

interface Loaded {
    entity: object | null
    readonly paths: Set<string>
}

type Relations = { [name: string]: Relations }

const BATCH = 500

/**
 * Rows that were loaded for `derive`, each with as many of its relations as were asked for.
 * @internal
 */
export class RelatedRows {
    private readonly rows = new Map<string, Loaded>()

    constructor(
        private readonly manager: EntityManager,
        /** What is inserted together. */
        private readonly flush?: Flush,
    ) {}

    /** Whether a row may be inserted because another one brings it along: by save() alone. */
    get cascades(): boolean {
        return this.manager.queryRunner?.isTransactionActive ?? false
    }

    /** The row that brings another one along, and is inserted with it. */
    parentOf(child: object, relation: RelationMetadata): object | undefined {
        return this.flush?.parentOf(child, relation)
    }

    /** Null where there is no such row, undefined where it is not loaded yet. */
    at(place: Place): object | null | undefined {
        const row = this.rows.get(nameOf(place))
        if (!row?.paths.has(place.path)) return undefined
        let value: unknown = row.entity
        for (const name of place.path.split(".").filter(Boolean))
            value = (value as Record<string, unknown> | null)?.[name] ?? null
        return value as object | null
    }

    /** Loads what is missing, all rows of an entity by one statement. */
    async load(places: readonly Place[]): Promise<void> {
        for (const [metadata, ofEntity] of groupBy(places, (place) => place.metadata)) {
            const rows = [...groupBy(ofEntity, nameOf).values()]
            for (let start = 0; start < rows.length; start += BATCH)
                await this.loadRows(metadata, rows.slice(start, start + BATCH))
        }
    }

    private async loadRows(metadata: EntityMetadata, rows: readonly Place[][]): Promise<void> {
        const places = rows.flatMap(([place]) => place ?? [])
        const known = places.flatMap((place) => [...(this.rows.get(nameOf(place))?.paths ?? [])])
        const paths = new Set(["", ...known, ...rows.flat().map(({ path }) => path)])
        const found = await this.manager
            .createQueryBuilder(metadata.target, "row")
            .setFindOptions({
                relations: relationsOf(paths),
                withDeleted: true,
                loadEagerRelations: false,
            })
            .whereInIds(places.map(({ id }) => id))
            .getMany()
        for (const place of places) this.rows.set(nameOf(place), { entity: null, paths })
        for (const entity of found) {
            const id = metadata.getEntityIdMap(entity)
            const row = id && this.rows.get(nameOf({ metadata, id }))
            if (row) row.entity = entity
        }
    }
}

function nameOf({ metadata, id }: Pick<Place, "metadata" | "id">): string {
    // 1, "1" and 1n are the same key.
    const texts = metadata.primaryColumns.map((column) =>
        preparedText(column, column.getEntityValue(id)),
    )
    return `${metadata.name} ${JSON.stringify(texts)}`
}

function relationsOf(paths: Iterable<string>): Relations {
    const relations: Relations = {}
    for (const path of paths) {
        let at = relations
        for (const name of path.split(".").filter(Boolean)) at = at[name] ??= {}
    }
    return relations
}
