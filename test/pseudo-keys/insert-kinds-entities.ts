import {
    ChildEntity,
    Column,
    Entity,
    EntitySchema,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    TableInheritance,
} from "typeorm"
import { PseudoKey, withPseudoKeys } from "../../src"

@Entity()
@TableInheritance({ column: { type: "varchar", length: 20, name: "kind" } })
export class Animal {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    name!: string

    @PseudoKey({ case: "keep", derive: (animal: Animal) => animal.name })
    slug!: string
}

@ChildEntity()
export class Cat extends Animal {
    @Column({ nullable: true })
    lives?: number

    @PseudoKey({
        prefix: "cat",
        nullable: true,
        case: "keep",
        derive: (cat: Cat) => `${cat.name}-${cat.lives}`,
    })
    catId?: string
}

@ChildEntity()
export class Dog extends Animal {
    @PseudoKey({ prefix: "dog", nullable: true })
    dogId?: string
}

export class Links {
    @Column({ default: "x" })
    title!: string

    @PseudoKey({ prefix: "pub" })
    publicId!: string

    @PseudoKey({ case: "keep", derive: (links: Links) => links.title })
    slug!: string
}

@Entity()
export class Article {
    @PrimaryGeneratedColumn()
    id!: number

    @Column(() => Links)
    links!: Links
}

export interface Person {
    id: number
    name: string
    publicId: string
    slug: string
}

export const PersonEntity = withPseudoKeys(
    new EntitySchema<Person>({
        name: "person",
        columns: {
            id: { type: "int", primary: true, generated: true },
            name: { type: "varchar", length: 100 },
        },
    }),
    {
        publicId: { prefix: "per", generate: "ulid" },
        slug: { case: "keep", derive: (person) => person.name },
    },
)

@Entity()
export class Room {
    @PrimaryColumn({ length: 20 })
    house!: string

    @PrimaryColumn()
    id!: number

    @PseudoKey({ case: "keep", derive: (room: Room) => `room-${room.id}`, uniqueWith: "house" })
    slug!: string

    @Column({ default: "blue" })
    colour!: string

    @PseudoKey({ case: "keep", derive: (room: Room) => `${room.house}-${room.colour}` })
    late!: string
}

export abstract class Base {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    name!: string

    @PseudoKey({ case: "keep", derive: (base: Base) => base.name })
    slug!: string

    @PseudoKey()
    publicId!: string
}

@Entity()
export class Red extends Base {}

@Entity()
export class Blue extends Base {
    @Column({ default: 0 })
    shade!: number
}
