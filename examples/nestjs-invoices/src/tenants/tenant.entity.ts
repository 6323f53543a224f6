import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"

@Entity()
export class Tenant {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    name!: string

    /** SHA-256. The key itself is shown once and stored nowhere. */
    @Column({ unique: true })
    apiKeyHash!: string
}
