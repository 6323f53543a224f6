/** @internal What the demo does, as an application writes it: a whole file, whose types `npm run check:docs` checks. */
export const CODE = `import { DataSource, Entity, Column, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, installAutoSequence, withAutoSequence } from "typeorm-autosequence"

@Entity()
class Invoice {
  @PrimaryGeneratedColumn() id!: number
  @Column({ type: "varchar" }) customer!: string
  @AutoSequenceColumn({ uniqueWith: "customer" }) number!: number
}
const dataSource = new DataSource(
  withAutoSequence(
    { type: "postgres", url: process.env.DATABASE_URL, entities: [Invoice], synchronize: true },
    { strategy: "counter" },
  ),
)
await dataSource.initialize()
await installAutoSequence(dataSource) // production: migrations

await dataSource.transaction(async (manager) => {
  const invoice = await manager.save(Invoice, { customer: "Acme" })
  console.log(invoice.number) // 1, 2, 3 …
})`
