import {
    ChildEntity,
    Column,
    Entity,
    EntitySchema,
    ManyToOne,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    TableInheritance,
} from "typeorm"
import { AutoSequenceColumn, withAutoSequenceColumns } from "../../src"

@Entity()
class Plain {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn() number!: number
}

@Entity()
class ByColumn {
    @PrimaryGeneratedColumn() id!: number
    @Column() year!: string
    @AutoSequenceColumn({ uniqueWith: "year", type: "bigint" }) number!: string
}

class Address {
    @Column() country!: string
}
@Entity()
class ByEmbedded {
    @PrimaryGeneratedColumn() id!: number
    @Column(() => Address) address!: Address
    @AutoSequenceColumn({ uniqueWith: "address.country" }) number!: number
}

@Entity()
class ByNullable {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "text", nullable: true }) area!: string | null
    @AutoSequenceColumn({ uniqueWith: "area" }) number!: number
}

@Entity()
class ByTwoNullables {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "text", nullable: true }) hall!: string | null
    @Column({ type: "int", nullable: true }) rowNo!: number | null
    @AutoSequenceColumn({ uniqueWith: ["hall", "rowNo"] }) number!: number
}

@Entity()
class Branch {
    @PrimaryColumn() country!: string
    @PrimaryColumn() city!: string
}
@Entity()
class ByCompositeKey {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Branch, { nullable: false }) branch!: Branch
    @AutoSequenceColumn({ uniqueWith: "branch" }) number!: number
}

@Entity()
@TableInheritance({ column: { type: "varchar", name: "kind" } })
class Root {
    @PrimaryGeneratedColumn() id!: number
    @Column() year!: string
    @AutoSequenceColumn({ uniqueWith: "year" }) number!: number
}
@ChildEntity()
class FirstChild extends Root {}
@ChildEntity()
class SecondChild extends Root {
    @AutoSequenceColumn() childNumber!: number
}

class Numbering {
    @AutoSequenceColumn() number!: number
}
@Entity()
class InEmbedded {
    @PrimaryGeneratedColumn() id!: number
    @Column(() => Numbering) numbering!: Numbering
}

@Entity()
class TwoNumbers {
    @PrimaryGeneratedColumn() id!: number
    @Column() year!: string
    @AutoSequenceColumn() total!: number
    @AutoSequenceColumn({ uniqueWith: "year", name: "of_year", nullable: true, comment: "draft" })
    ofYear!: number
}

const ByEntitySchema = withAutoSequenceColumns(
    new EntitySchema<{ id: number; project: string; number: number }>({
        name: "by_entity_schema",
        columns: {
            id: { type: "int", primary: true, generated: true },
            project: { type: "text" },
        },
    }),
    { number: { uniqueWith: "project" } },
)

/** One entity for each shape that the unique indexes can have. */
export const schemaEntities = [
    Plain,
    ByColumn,
    ByEmbedded,
    ByNullable,
    ByTwoNullables,
    Branch,
    ByCompositeKey,
    Root,
    FirstChild,
    SecondChild,
    InEmbedded,
    TwoNumbers,
    ByEntitySchema,
]
