import type { ObjectLiteral } from "typeorm"
import type { Scope } from "../../dialects/columns"
import type { Insert } from "../../inserts/insert"
import type { Session } from "../../inserts/session"
import { findPreparedText, scopeWith } from "../../series/scopes/scope"
import type { Series } from "../../series/series"
import { firstNumber } from "../first-number"

/** What a number is made from. */
interface ComingRow {
    /** Rows of one scope have the same. */
    readonly scope: Scope
    /** The first number of that scope. */
    readonly first: bigint
}

/**
 * The rows of one call whose INSERTs come next. Where an INSERT returns nothing, TypeORM sends a row
 * at a time, and a statement for the number of each would double their number. Their scopes are what
 * the entities say here; the INSERTs themselves decide in the end.
 * @internal
 */
export class ComingRows {
    /** The call whose rows were looked at last. */
    private readonly seen = new Map<Series, object | undefined>()

    constructor(private readonly session: Session) {}

    /** Whether numbers are made for several INSERTs at once. */
    isAwaited({ dataSource }: Series, { rows, upsert }: Insert): boolean {
        return rows.length === 1 && !upsert && !dataSource.driver.isReturningSqlSupported("insert")
    }

    /** Those that nobody has looked at before. */
    rows(series: Series, insert: Insert): ComingRow[] {
        const [row] = insert.rows
        const call = row?.announced?.call
        // Which of them are drafts is not known yet.
        if (
            series.when ||
            series.assignsAtCommit ||
            !this.isAwaited(series, insert) ||
            this.seen.get(series) === call?.reference
        )
            return []
        this.seen.set(series, call?.reference)
        const scopes = new Map<string, Scope>()
        const coming: ComingRow[] = []
        for (const other of this.session.announced) {
            const { entity, metadata } = other
            if (other === row?.announced || other.call !== call || metadata !== row?.metadata)
                continue
            // What has a number brings it along.
            if (typeof series.column.getEntityValue(entity) !== "function") continue
            const scope = scopeOf(entity, series)
            if (!scope) continue
            const same = scopes.get(scope.key) ?? scope
            scopes.set(scope.key, same)
            coming.push({ scope: same, first: firstNumber(series, entity) })
        }
        return coming
    }
}

function scopeOf(entity: ObjectLiteral, { scopeColumns }: Series): Scope | undefined {
    const values = scopeColumns.map((column) => {
        const value: unknown = column.getEntityValue(entity)
        return value === undefined ? undefined : findPreparedText(column, value)
    })
    return values.includes(undefined) ? undefined : scopeWith(values as Scope["values"])
}
