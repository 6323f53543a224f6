import type { DataSource } from "typeorm"
import { raisedPlace } from "../../dialects/statements/raised"
import type { AutoSequenceError } from "../../errors"
import type { Refused } from "../../inserts/assigner"
import type { Series } from "../../series/series"
import { tableName } from "../../typeorm/names"

/** @internal A statement that has failed in a trigger, or for the lack of one. */
export interface Failed extends Pick<Refused, "sql" | "cause" | "insert"> {
    readonly dataSource: DataSource
    readonly text: string
    /** The column that the database has named. */
    readonly column?: string
    /** The columns that the database numbers, those of the rows first. */
    readonly triggered: readonly Series[]
}

/** @internal */
export type Name = (failed: Failed) => AutoSequenceError | undefined

/** @internal The column whose trigger has raised the error: the text begins with where that is, in the words of SQL. */
export function raisedBy({ sql, text, triggered }: Failed): Series | undefined {
    const named = triggered.filter((series) => text.startsWith(`${raisedPlace(series)} `))
    const isWritten = ({ metadata }: Series) => sql.includes(tableName(metadata))
    return named.find(isWritten) ?? named[0] ?? triggered.find(isWritten)
}
