import type { QueryRunner } from "typeorm"
import type { StoredKey } from "../../keys/pseudo-key"
import type { Statement } from "../../typeorm/statement"

/** A statement of a migration. */
export interface MigrationStatement {
    readonly sql: string
    readonly parameters?: readonly unknown[]
    /** What it is for, unless it is one of TypeORM's own. */
    readonly comment?: string
}

/** A call of `backfillPseudoKeys` by a migration. */
export interface MigrationBackfill {
    readonly sql?: undefined
    readonly parameters?: undefined
    readonly comment?: string
    /** The name of the entity. */
    readonly entity: string
    /** The property of the key. */
    readonly property: string
}

/** A step of a migration. */
export type MigrationStep = MigrationStatement | MigrationBackfill

/** @internal Changes of the schema, be they written down or made. */
export interface Steps {
    /** What TypeORM's own query runner writes. */
    schema(work: Work): Promise<void>
    /** The way back is in the order in which it runs. */
    sql(statement: Statement, comment?: string, ...undo: Statement[]): Promise<void>
    /** Gives keys to the rows that have none. */
    backfill(key: StoredKey, comment: string): Promise<void>
    /** Steps whose way back begins without what `made` makes, and ends by making it again. */
    undoneWithout(made: Work, work: () => Promise<void>): Promise<void>
}

/** @internal */
export type Work = (runner: QueryRunner) => Promise<void>
