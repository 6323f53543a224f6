import {
    ChildEntity,
    Column,
    DeleteDateColumn,
    Entity,
    EntitySchema,
    type EntityTarget,
    JoinColumn,
    ManyToOne,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    type RelationOptions,
    TableInheritance,
} from "typeorm"
import {
    PseudoKey,
    type PseudoKeyOptions,
    SealedReference,
    withPseudoKeys,
    withSealedReferences,
} from "../../../src"

/** What rows are related to. Its primary key is the hall, or both. */
export interface Parent {
    hall: number
    seat: number
    publicId: string
}

export interface Row {
    id: number
    note: string
    parent?: Parent | Promise<Parent | null> | null
    parentHall?: number | null
    parentSeat?: number | null
    parentKey?: string | null
}

/** How a row has its foreign key: by the relation alone, or by properties as well. */
export const LOADS = ["plain", "eager", "lazy", "declared"] as const

export interface Variant {
    readonly title: string
    readonly load: (typeof LOADS)[number]
    readonly isComposite: boolean
    readonly parent: EntityTarget<Parent>
    readonly root: EntityTarget<Row>
    /** The classes of rows. */
    readonly kinds: readonly EntityTarget<Row>[]
    readonly entities: readonly EntityTarget<object>[]
}

const SECRET = "0123456789abcdef0123456789abcdef"
const BOTH = [false, true]

/** The whole product of what matters to a reference; every other one has two classes of rows. */
export const VARIANTS = LOADS.flatMap((load) =>
    BOTH.flatMap((isComposite) =>
        BOTH.map((isSchema, at) =>
            variantOf({ load, isComposite, isSchema, isFamily: at > 0 !== isComposite }),
        ),
    ),
)

function variantOf(shape: {
    load: Variant["load"]
    isComposite: boolean
    isSchema: boolean
    isFamily: boolean
}): Variant {
    const { load, isComposite, isSchema, isFamily } = shape
    const name = `reference_${load}_${isComposite ? 2 : 1}${isSchema ? "s" : "c"}`
    const key = {
        prefix: name.replaceAll("_", ""),
        seal: { column: isComposite ? ["hall", "seat"] : "hall", secret: SECRET },
    } as PseudoKeyOptions<Parent>
    const relation: RelationOptions = {
        ...{ nullable: true, onDelete: "SET NULL" },
        ...{ eager: load === "eager", lazy: load === "lazy" },
    }
    const joined = ["hall", ...(isComposite ? ["seat"] : [])].map((referencedColumnName) => ({
        name: referencedColumnName === "hall" ? "parentHall" : "parentSeat",
        referencedColumnName,
    }))
    const [parentName, rowName, ...children] = ["", "_row", ...(isFamily ? ["_a", "_b"] : [])].map(
        (suffix) => `${name}${suffix}`,
    ) as [string, string, ...string[]]
    const title = [
        `relation ${load}, to ${isComposite ? "two columns" : "one column"}`,
        ...(isFamily ? ["two classes"] : []),
        ...(isSchema ? ["schema"] : []),
    ].join(", ")
    const of = (all: Variant["entities"]): Variant => {
        const [parent, root, ...kinds] = all as [Variant["parent"], ...Variant["kinds"]]
        const one = { title, load, isComposite, parent, root: root!, entities: all }
        return { ...one, kinds: isFamily ? kinds : [root!] }
    }
    const target = (className: string, above: new () => object = Object): new () => object => {
        const one = class extends above {}
        Object.defineProperty(one, "name", { value: className })
        return one
    }
    const root = target(rowName)
    const kinds = children.map((child) => target(child, root))

    if (isSchema) {
        const column = { type: "varchar", name: "kind", length: 20 } as const
        const declared = { type: "int", nullable: true } as const
        return of([
            withPseudoKeys(
                new EntitySchema<Parent>({
                    name: parentName,
                    columns: {
                        hall: { type: "int", primary: true },
                        seat: { type: "int", primary: isComposite },
                    } as never,
                }),
                { publicId: key as never },
            ),
            withSealedReferences(
                new EntitySchema<Row>({
                    ...{ name: rowName, target: root },
                    columns: {
                        id: { type: "int", primary: true, generated: true },
                        note: { type: "varchar", length: 20 },
                        deletedAt: { type: Date, deleteDate: true, nullable: true },
                        ...(load === "declared" && {
                            ...Object.fromEntries(joined.map((one) => [one.name, declared])),
                        }),
                    } as never,
                    relations: {
                        parent: {
                            ...{ type: "many-to-one", target: parentName, joinColumn: joined },
                            ...relation,
                        },
                    } as never,
                    ...(isFamily && { inheritance: { pattern: "STI", column } }),
                }),
                { parentKey: "parent" },
            ),
            ...kinds.map(
                (kind, at) =>
                    new EntitySchema<Row>({
                        ...{ name: kind.name, target: kind, type: "entity-child" },
                        ...{ columns: {} as never, discriminatorValue: "ab"[at]! },
                    }),
            ),
        ])
    }
    const parent = target(parentName)
    Entity({ name: parentName })(parent)
    PrimaryColumn({ type: "int" })(parent.prototype as object, "hall")
    if (isComposite) PrimaryColumn({ type: "int" })(parent.prototype as object, "seat")
    else Column({ type: "int" })(parent.prototype as object, "seat")
    ;(PseudoKey as (options: PseudoKeyOptions<Parent>) => PropertyDecorator)(key)(
        parent.prototype as object,
        "publicId",
    )
    const row = root.prototype as object
    Entity({ name: rowName })(root)
    PrimaryGeneratedColumn()(row, "id")
    Column({ type: "varchar", length: 20 })(row, "note")
    DeleteDateColumn()(row, "deletedAt")
    if (load === "declared")
        for (const one of joined) Column({ type: "int", nullable: true })(row, one.name)
    ManyToOne(() => parent, relation)(row, "parent")
    JoinColumn(joined)(row, "parent")
    SealedReference("parent")(row, "parentKey")
    if (isFamily) TableInheritance({ column: { type: "varchar", name: "kind", length: 20 } })(root)
    for (const [at, kind] of kinds.entries()) ChildEntity("ab"[at])(kind)
    return of([parent, root, ...kinds])
}
