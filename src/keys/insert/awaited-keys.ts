import type { Scope } from "../../dialects/columns"
import type { NewRow } from "../../inserts/announced/new-row"
import type { Session } from "../../inserts/session"
import { preparedText } from "../../series/scopes/scope"
import type { StoredKey } from "../pseudo-key"

/**
 * Keys that the caller has set on rows whose INSERT is still to come: where each row is sent by a
 * statement of its own, those before it must not be given them.
 * @internal
 */
export class AwaitedKeys {
    /** Their ids: what holds the rows themselves would hold those whose INSERT never comes. */
    private readonly rows = new Map<string, number>()

    constructor(private readonly session: Session) {}

    add(key: StoredKey, text: string, row: NewRow): void {
        if (key.dataSource.driver.isReturningSqlSupported("insert")) return
        this.rows.set(`${key.name} ${text}`, row.id)
    }

    has(key: StoredKey, { values }: Scope, text: string): boolean {
        const row = this.session.announced.get(this.rows.get(`${key.name} ${text}`) ?? 0)
        if (!row) return false
        return key.scopeColumns.every((column, at) => {
            const value: unknown = column.getEntityValue(row.entity)
            // A function stands for one that is to come.
            const isUnknown = value === undefined || typeof value === "function"
            return isUnknown || preparedText(column, value) === values[at]
        })
    }

    /** Called behind an INSERT. */
    forgetSent(): void {
        if (this.rows.size > 0 && this.session.announced.size === 0) this.rows.clear()
    }
}
