import type { DataSource } from "typeorm"
import type { Dialect } from "./dialect"
import { mysql } from "./mysql"
import { postgres } from "./postgres"
import { sqlite } from "./sqlite"

const DIALECTS: Partial<Record<DataSource["options"]["type"], Dialect>> = {
    postgres,
    mysql,
    mariadb: mysql,
    "better-sqlite3": sqlite,
    sqljs: sqlite,
}

/** @internal */
export function dialectOf(dataSource: DataSource): Dialect | undefined {
    return DIALECTS[dataSource.options.type]
}

/** @internal The databases that can do something, as TypeORM names them. */
export function databasesWith(capability: keyof Dialect): string {
    return Object.entries(DIALECTS)
        .flatMap(([type, dialect]) => (dialect[capability] ? [`"${type}"`] : []))
        .join(", ")
}
