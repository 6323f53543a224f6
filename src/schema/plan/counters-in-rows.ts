import { counterTableOf } from "../../series/own-table"
import { keyOfRow } from "../../series/scopes/scope-key"
import type { Series } from "../../series/series"
import type { Sharers } from "../../series/sharers"
import { columnName, tableName } from "../../typeorm/names"
import type { Statement } from "../../typeorm/statement"

/** @internal Selects `key` and `highest` of each row that has a number, in several tables. */
export function selectNumbers(sharers: readonly Series[]): string {
    return sharers
        .map((series) => {
            const name = (text: string) => series.dataSource.driver.escape(text)
            const number = `r.${columnName(series.column)}`
            return (
                `SELECT ${keyOfRow(series, "r")} AS ${name("key")}, ${number} AS ${name("highest")} ` +
                `FROM ${tableName(series.metadata)} r WHERE ${number} IS NOT NULL`
            )
        })
        .join(" UNION ALL ")
}

/** @internal Makes the counters that rows lack, and raises those that are behind their rows. */
export function seedCounters(sharers: Sharers): Statement {
    const [{ name, dataSource, dialect }] = sharers
    const { driver } = dataSource
    const [key, highest] = [driver.escape("key"), driver.escape("highest")]
    const counters =
        `SELECT ${driver.createParameter("series", 0)}, s.${key}, MAX(s.${highest}), 0, ` +
        `CURRENT_TIMESTAMP FROM (${selectNumbers(sharers)}) s GROUP BY s.${key}`
    return {
        sql: dialect.schema.seed(counterTableOf(dataSource), counters),
        parameters: [name],
    }
}

/** @internal Selects a row if a scope of these series lacks its counter, or has one behind its rows. */
export function findBehind(sharers: Sharers, storedName?: string): Statement {
    return behind(sharers, () => "1 AS found", " LIMIT 1", storedName)
}

/** @internal A counter that is behind its rows; `last` is NULL where there is none. */
export interface BehindCounter {
    readonly key: string
    readonly last: string | null
    readonly highest: string
}

/** @internal Selects those of a series. */
export function selectBehind(sharers: Sharers): Statement {
    const { expressions } = sharers[0].dialect
    return behind(sharers, ({ key, last, highest }, as) =>
        [
            as(key, "key"),
            as(expressions.text(last), "last"),
            as(expressions.text(highest), "highest"),
        ].join(", "),
    )
}

function behind(
    sharers: Sharers,
    columns: (
        names: { key: string; last: string; highest: string },
        as: (sql: string, name: string) => string,
    ) => string,
    end = "",
    storedName = sharers[0].name,
): Statement {
    const [{ dataSource, dialect }] = sharers
    const { driver } = dataSource
    const counter = counterTableOf(dataSource)
    const [key, highest] = [driver.escape("key"), driver.escape("highest")]
    const names = { key: `r.${key}`, last: `c.${counter.last}`, highest: `r.${highest}` }
    return {
        sql:
            `SELECT ${columns(names, (sql, name) => `${sql} AS ${driver.escape(name)}`)} ` +
            `FROM (SELECT s.${key}, MAX(s.${highest}) AS ${highest} ` +
            `FROM (${selectNumbers(sharers)}) s GROUP BY s.${key}) r ` +
            `${dialect.schema.joinCounter(counter, "c", driver.createParameter("series", 0), `r.${key}`)} ` +
            `WHERE (c.${counter.last} IS NULL OR c.${counter.last} < r.${highest}) ` +
            // A counter that is closed stays where it is.
            `AND (c.${counter.movedBy} IS NULL OR c.${counter.movedBy} >= 0)${end}`,
        parameters: [storedName],
    }
}
