import type { DataSource } from "typeorm"
import { findByPseudoKey } from "../../src"
import { Article } from "../entities/others"
import type { Facts } from "./facts"
import type { Violation } from "./violation"

/** Each key that was acknowledged leads to its row, those that it had before included, and to no other. */
export async function checkKeys(dataSource: DataSource, facts: Facts): Promise<Violation[]> {
    const violations: Violation[] = []
    const rows = await dataSource.getRepository(Article).find()
    const tags = new Set(rows.map(({ tag }) => tag))
    const slugs = new Map<string, string>()
    for (const { tag, slug } of rows) {
        if (facts.isUndone(tag))
            violations.push({ text: `article: ${tag} was rolled back, and is there` })
        const other = slugs.get(slug)
        if (other !== undefined)
            violations.push({ text: `article: ${other} and ${tag} are both ${slug}` })
        slugs.set(slug, tag)
    }
    for (const { table, tag } of facts.acknowledged)
        if (table === "article" && !tags.has(tag))
            violations.push({ text: `article: ${tag} is lost` })
    for (const [tag, key] of facts.keys) {
        const owner = await ownerOf(dataSource, key, slugs)
        if (owner !== tag)
            violations.push({ text: `article: ${key} of ${tag} leads to ${owner ?? "nothing"}` })
    }
    return violations
}

/** By the rows where it is that of one, and by the library where it was. */
async function ownerOf(
    dataSource: DataSource,
    key: string,
    slugs: ReadonlyMap<string, string>,
): Promise<string | undefined> {
    return slugs.get(key) ?? (await findByPseudoKey(dataSource.manager, Article, key))?.tag
}
