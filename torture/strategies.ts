import type { AutoSequenceColumnOptions } from "../src"
import { documentsBy, type DocumentEntities } from "./entities/documents"
import { Article, Lease, Receipt } from "./entities/others"
import type { DatabaseName } from "./servers/server"

/** What makes the numbers of documents, and in which databases. */
const GAPLESS = {
    "table-lock": { options: { strategy: "table-lock" }, on: ["postgres"] },
    counter: { options: { strategy: "counter" }, on: ["postgres", "mariadb"] },
    "counter-commit": {
        options: { strategy: "counter", assign: "commit" },
        on: ["postgres", "mariadb"],
    },
    trigger: { options: { strategy: "trigger" }, on: ["postgres", "mariadb"] },
    "trigger-commit": { options: { strategy: "trigger", assign: "commit" }, on: ["postgres"] },
} as const satisfies Record<
    string,
    { options: Partial<AutoSequenceColumnOptions>; on: readonly DatabaseName[] }
>

export type StrategyName = keyof typeof GAPLESS
/** The rest of what is tortured: entities that don't differ by strategy. */
const OTHERS = ["lease", "sequence", "keys"] as const
export type TortureName = StrategyName | (typeof OTHERS)[number]

export const STRATEGIES = Object.keys(GAPLESS) as StrategyName[]
export const ALL: readonly TortureName[] = [...STRATEGIES, ...OTHERS]

/** Documents of each strategy: one class for each process, as TypeORM knows them by identity. */
export const documents = Object.fromEntries(
    STRATEGIES.map((name) => [name, documentsBy(name, GAPLESS[name].options)]),
) as unknown as Readonly<Record<StrategyName, DocumentEntities>>

export function isOn(name: TortureName, database: DatabaseName): boolean {
    const server = database === "galera" ? "mariadb" : database
    return !isStrategy(name) || (GAPLESS[name].on as readonly DatabaseName[]).includes(server)
}

export function isStrategy(name: TortureName): name is StrategyName {
    return name in GAPLESS
}

export function entitiesFor(names: readonly TortureName[]): (new () => object)[] {
    return names.flatMap((name): (new () => object)[] => {
        if (isStrategy(name)) return Object.values(documents[name]) as (new () => object)[]
        return [{ lease: Lease, sequence: Receipt, keys: Article }[name]]
    })
}
