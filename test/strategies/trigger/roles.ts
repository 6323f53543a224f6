import type { DataSource } from "typeorm"
import { changeEntities } from "../../migrations/migrate"
import type { PostgresDatabase } from "../../support/databases"
import { letters, TRIGGER } from "./letters"

type Entities = Parameters<PostgresDatabase["connect"]>[0]

let names = 0
const made: { database: PostgresDatabase; name: string }[] = []

/** A role that may connect, and nothing else. */
export async function newRole(database: PostgresDatabase): Promise<string> {
    const name = `autosequence_${process.pid}_${(names += 1)}`
    await database.query(`CREATE ROLE ${name} LOGIN PASSWORD '${name}'`)
    made.push({ database, name })
    return name
}

/** To be called when the schemas are gone in which the roles had rights. */
export async function dropRoles(): Promise<void> {
    for (const { database, name } of made.splice(0))
        await database.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`)
}

/** A data source for the same tables, whose connections are this role's. */
export async function connectAs(
    database: PostgresDatabase,
    role: string,
    owner: DataSource,
    entities: Entities = [letters(TRIGGER)],
    options: Parameters<typeof changeEntities>[3] = {},
): Promise<DataSource> {
    const url = new URL(database.url)
    url.username = role
    url.password = role
    return changeEntities(database, owner, entities, { ...options, ...{ url: url.href } })
}

/** What somebody needs who writes letters: nothing of the counters. */
export async function grantLetters(owner: DataSource, role: string): Promise<void> {
    const { schema, tablePath } = owner.getMetadata("Letter")
    await owner.query(`GRANT USAGE ON SCHEMA "${schema!}" TO ${role}`)
    await owner.query(`GRANT SELECT, INSERT ON ${tablePath} TO ${role}`)
    await owner.query(`GRANT USAGE ON SEQUENCE ${tablePath}_id_seq TO ${role}`)
}

/** Letters in boxes 1 and 2, and somebody who may write letters alone. */
export async function lettersAndWriter(
    database: PostgresDatabase,
    connectOptions: Parameters<PostgresDatabase["connect"]>[1] = {},
): Promise<{ owner: DataSource; writer: DataSource; role: string }> {
    const owner = await database.connect([letters(TRIGGER)], connectOptions)
    const role = await newRole(database)
    await grantLetters(owner, role)
    const { counterTable } = connectOptions
    const writer = await connectAs(database, role, owner, undefined, { counterTable })
    return { owner, writer, role }
}
