import {
    ChildEntity,
    Column,
    DeleteDateColumn,
    Entity,
    EntitySchema,
    type EntitySchemaColumnOptions,
    type EntityTarget,
    JoinColumn,
    ManyToOne,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    TableInheritance,
} from "typeorm"
import { PseudoKey, type PseudoKeyOptions, withPseudoKeys } from "../../../src"
import { OTHERS, type Row, type Style, TITLED } from "./styles"

/** Which class of a single-table inheritance has the key; "none" is one class alone. */
export type Family = "none" | "parent" | "child"

interface Shape {
    readonly history: boolean | "forever"
    readonly isScoped: boolean
    /** Whether the scope is a row of another table, which callers know as `place`. */
    readonly isRelated?: boolean
    readonly isSoftDeleted: boolean
    readonly family: Family
    readonly isSchema: boolean
}

/** One table of the matrix. */
export interface Variant extends Shape {
    readonly title: string
    readonly style: Style
    /** By which rows of all classes are found. */
    readonly root: EntityTarget<Row>
    /** The classes of rows; the first one has keys. */
    readonly kinds: readonly EntityTarget<Row>[]
    /** What a data source is given. */
    readonly entities: readonly EntityTarget<Row>[]
}

/** What rows are in where the scope is a relation. */
@Entity("keys_place")
class Place {
    @PrimaryColumn({ type: "int" }) id!: number
}

/** To TypeORM, classes and schemas are of two worlds. */
const PLACE = new EntitySchema<Place>({
    name: "keys_place_schema",
    columns: { id: { type: "int", primary: true } },
})

export const PLACES = [Place, PLACE] as const

const BOTH = [false, true] as const

/** The whole product. */
export function titledVariants(): Variant[] {
    return BOTH.flatMap((history) =>
        BOTH.flatMap((isScoped) =>
            BOTH.flatMap((isSoftDeleted) =>
                (["none", "parent", "child"] as const).flatMap((family) =>
                    BOTH.map((isSchema) =>
                        variantOf("titles", TITLED, {
                            ...{ history, isScoped, isSoftDeleted, family, isSchema },
                        }),
                    ),
                ),
            ),
        ),
    )
}

/** Those whose scope is a relation. */
export function relatedVariants(): Variant[] {
    return BOTH.flatMap((history) =>
        BOTH.flatMap((isSchema) =>
            (["none", "parent"] as const).map((family) =>
                variantOf("titles", TITLED, {
                    ...{ history, isScoped: true, isRelated: true, isSoftDeleted: false },
                    ...{ family, isSchema },
                }),
            ),
        ),
    )
}

/** How a caller says in which box a row is. */
export function inBox({ isRelated }: Shape, box: number): object {
    return isRelated ? { place: { id: box } } : { box }
}

/** The scope of a look-up. */
export function whereBox(variant: Shape, box: number): { where?: object } {
    return variant.isScoped ? { where: inBox(variant, box) } : {}
}

/** Each other style with and without history and scope; the rest is another one each time. */
export function otherVariants(): Variant[] {
    const families = ["none", "parent", "child"] as const
    let at = 0
    return Object.entries(OTHERS).flatMap(([name, style]) =>
        [false, true, "forever" as const].flatMap((history) =>
            BOTH.map((isScoped) => {
                at += 1
                return variantOf(name, style, {
                    ...{ history, isScoped, isSoftDeleted: at % 2 === 0 },
                    ...{ family: families[at % 3]!, isSchema: at % 4 > 1 },
                })
            }),
        ),
    )
}

let tables = 0

export function variantOf(
    name: string,
    style: Style,
    shape: Shape,
    table = `keys_${++tables}`,
): Variant {
    const { history, isScoped, isRelated = false, isSoftDeleted, family, isSchema } = shape
    const own = placed(style, table)
    const options: PseudoKeyOptions<Row> = {
        ...own.options,
        history,
        ...(isScoped && { uniqueWith: isRelated ? "place" : "box" }),
    }
    const make = isSchema ? schemasOf : classesOf
    return {
        ...shape,
        style: own,
        title: [
            `${name} in ${table}`,
            ...(history ? [`history${history === "forever" ? " for ever" : ""}`] : []),
            ...(isScoped ? [isRelated ? "relation as scope" : "scope"] : []),
            ...(isSoftDeleted ? ["soft delete"] : []),
            ...(family === "none" ? [] : [`key of the ${family}`]),
            ...(isSchema ? ["schema"] : []),
        ].join(", "),
        ...make(table, shape, options),
    }
}

/** Prefixes are unique in a data source. */
function placed(style: Style, table: string): Style {
    const digits = table.replace(/\D/g, "").padStart(3, "0")
    // Letters alone, and none begins like another.
    const prefix = `k${digits.replaceAll(/\d/g, (digit) => "abcdefghij"[Number(digit)]!)}`
    const text = (one: string) => one.replace("PREFIX", prefix).replace("FORMER", `old${prefix}`)
    const { options } = style
    return {
        ...style,
        options: {
            ...options,
            ...(options.prefix && { prefix: text(options.prefix) }),
            ...(options.formerPrefixes && { formerPrefixes: options.formerPrefixes.map(text) }),
        },
        texts: (title) => style.texts(title)?.map(text) ?? null,
        random: new RegExp(text(style.random.source)),
        settable: style.settable.map(text),
        unsettable: style.unsettable.map(text),
    }
}

type Made = Pick<Variant, "root" | "kinds" | "entities">
type Class = new () => Row

/** Of classes that are made here no compiler knows the properties. */
const keyedBy = PseudoKey as (options: PseudoKeyOptions<Row>) => PropertyDecorator

function classesOf(
    table: string,
    { family, isSoftDeleted, isRelated }: Shape,
    options: PseudoKeyOptions<Row>,
): Made {
    const root = named(class {} as Class, table)
    Entity({ name: table })(root)
    const of = root.prototype as Row
    PrimaryGeneratedColumn()(of, "id")
    if (isRelated) {
        ManyToOne(() => Place, { nullable: false })(of, "place")
        JoinColumn({ name: "box" })(of, "place")
    } else Column({ type: "int" })(of, "box")
    Column({ type: "varchar", length: 50 })(of, "title")
    Column({ type: "varchar", length: 50, nullable: true, unique: true })(of, "code")
    if (isSoftDeleted) DeleteDateColumn()(of, "deletedAt")
    if (family !== "child") keyedBy(options)(of, "slug")
    if (family === "none") return { root, kinds: [root], entities: [root] }
    TableInheritance({ column: { type: "varchar", name: "kind", length: 20 } })(root)
    const kinds = ["a", "b"].map((kind) => {
        const child = named(class extends root {}, `${table}_${kind}`)
        if (family === "child" && kind === "a") keyedBy(options)(child.prototype as Row, "slug")
        ChildEntity(kind)(child)
        return child
    })
    return { root, kinds, entities: [root, ...kinds] }
}

function schemasOf(
    table: string,
    { family, isSoftDeleted, isRelated }: Shape,
    options: PseudoKeyOptions<Row>,
): Made {
    const columns: Record<string, EntitySchemaColumnOptions> = {
        id: { type: "int", primary: true, generated: true },
        ...(!isRelated && { box: { type: "int" } }),
        title: { type: "varchar", length: 50 },
        code: { type: "varchar", length: 50, nullable: true, unique: true },
        ...(isSoftDeleted && { deletedAt: { type: Date, deleteDate: true, nullable: true } }),
    }
    const relations = isRelated && {
        place: {
            ...{ type: "many-to-one", target: PLACE.options.name, nullable: false },
            joinColumn: { name: "box" },
        },
    }
    const made = { columns: columns as never, ...(relations && { relations: relations as never }) }
    const keyed = (schema: EntitySchema<Row>) => withPseudoKeys(schema, { slug: options as never })
    if (family === "none") {
        const schema = keyed(new EntitySchema<Row>({ name: table, ...made }))
        return { root: schema, kinds: [schema], entities: [schema] }
    }
    // Those of one table are told by their classes.
    const target = named(class {} as Class, table)
    const root = new EntitySchema<Row>({
        ...{ name: table, target, ...made },
        inheritance: { pattern: "STI", column: { type: "varchar", name: "kind", length: 20 } },
    })
    if (family === "parent") keyed(root)
    const kinds = ["a", "b"].map((kind) => {
        const child = named(class extends target {}, `${table}_${kind}`)
        const schema = new EntitySchema<Row>({
            ...{ name: child.name, target: child, type: "entity-child", columns: {} as never },
            discriminatorValue: kind,
        })
        if (family === "child" && kind === "a") keyed(schema)
        return schema
    })
    return { root, kinds, entities: [root, ...kinds] }
}

function named(of: Class, name: string): Class {
    Object.defineProperty(of, "name", { value: name })
    return of
}
