import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"

@Entity()
export class Customer {
    @PrimaryGeneratedColumn()
    id!: number

    @Column({ unique: true })
    name!: string
}
