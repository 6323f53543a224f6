import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn } from "../../../src"

const strategy = "trigger"

@Entity({ name: "bill" })
export class Bill {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int" }) customer!: number
    @Column({ type: "varchar", length: 40, nullable: true, unique: true }) code!: string | null
    @AutoSequenceColumn({ strategy, series: "papers", uniqueWith: "customer" }) number!: number
}

@Entity({ name: "credit" })
export class Credit {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "bigint" }) customer!: string
    @Column({ type: "varchar", length: 40, nullable: true, unique: true }) code!: string | null
    @AutoSequenceColumn({ strategy, series: "papers", uniqueWith: "customer" }) number!: number
}

@Entity({ name: "device" })
export class Device {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "uuid" }) owner!: string
    @AutoSequenceColumn({ strategy, series: "things", uniqueWith: "owner" }) number!: number
}

/** Beside a UUID, its scope is compared by its characters, where a collation says so. */
export function licence(collation?: string) {
    @Entity({ name: "licence" })
    class Licence {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 36, collation }) owner!: string
        @AutoSequenceColumn({ strategy, series: "things", uniqueWith: "owner" }) number!: number
    }
    return Licence
}
