import type { DataSource } from "typeorm"
import type { PostgresDatabase } from "../../support/databases"
import { catalogueOf } from "./catalogue"
import { letters, post, TRIGGER } from "./letters"
import { connectAs, grantLetters, newRole } from "./roles"

/** Statements that write the settings of the triggers, by somebody who has read the source. */
export interface Forged {
    readonly slot: readonly string[]
    readonly used: string
    readonly unused: string
}

/** Says to the triggers of letters that the counter of a box is to go from one number to another. */
export async function forge(
    owner: DataSource,
    of: "letter" | "parcel",
    box: number,
    before: number,
    last: number,
): Promise<Forged> {
    // The catalogue shows it to everybody.
    const { triggers, functions } = await catalogueOf(owner)
    const found = (pattern: RegExp, table = "letter") =>
        [...triggers, ...functions]
            .filter(({ name }) => String(name).includes(`_${table}_`))
            .flatMap(({ text }) => pattern.exec(String(text))?.slice(-1) ?? [])[0] ?? "nothing"
    const scope = `${found(/v_scope := '(.*)' \|\| v_key/, of)}v1:"${box}"`
    const slot = `(hashtext('${scope}') & 127)::text`
    const set = (name: string, value: string) => `SELECT set_config(${name}, ${value}, true)`
    return {
        slot: [
            set(`'autosequence.scope' || ${slot}`, `'${scope}'`),
            set(`'autosequence.last' || ${slot}`, `'${before}'`),
        ],
        used: set(`'${found(/autosequence\.used_\w+/)}'`, slot),
        unused: set(`'${found(/autosequence\.unused_\w+/)}'`, `'${before} ${last} ${scope}'`),
    }
}

/** Letters and parcels: boxes 1 and 2 are at 3. The writer may write letters. */
export async function attacked(database: PostgresDatabase) {
    const Parcel = letters(TRIGGER, "parcel")
    Object.defineProperty(Parcel, "name", { value: "Parcel" })
    const entities = [letters(TRIGGER), Parcel]
    const owner = await database.connect(entities)
    const role = await newRole(database)
    await grantLetters(owner, role)
    await post(owner, 1, 1, 1, 2, 2, 2)
    await owner.getRepository("Parcel").save([{ box: 1 }, { box: 1 }, { box: 1 }])
    return {
        owner,
        writer: await connectAs(database, role, owner, entities),
        letter: owner.getMetadata("Letter").tablePath,
    }
}
