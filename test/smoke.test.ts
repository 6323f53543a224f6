import { expect } from "chai"
import { Column, Entity, ManyToOne, OneToMany, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, verifyAutoSequence } from "../src"
import { onEachDatabase } from "./support/databases"

@Entity()
class Customer {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @OneToMany(() => Invoice, (i) => i.customer, { cascade: true }) invoices!: Invoice[]
}
@Entity()
class Invoice {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Customer, (c) => c.invoices, { nullable: false, cascade: ["insert"] })
    customer!: Customer
    @AutoSequenceColumn({ uniqueWith: "customer" }) number!: number
}
onEachDatabase("smoke", (db) => {
    it("works", async () => {
        const ds = await db().connect([Customer, Invoice])
        await verifyAutoSequence(ds)
        const c = await ds.getRepository(Customer).save({ name: "a" })
        const i = await ds.getRepository(Invoice).save({ customer: c })
        expect(i.number).to.equal(1)
        const many = await ds
            .getRepository(Invoice)
            .save([{ customer: c }, { customer: c }, { customer: { id: c.id } }])
        expect(many.map((m) => m.number)).to.eql([2, 3, 4])
        const p = await ds.getRepository(Customer).save({ name: "b", invoices: [{}, {}, {}] })
        expect(p.invoices.map((m) => m.number)).to.eql([1, 2, 3])
        const two = await ds.transaction((m) =>
            Promise.all([1, 2, 3].map(() => m.getRepository(Invoice).save({ customer: c }))),
        )
        expect(two.map((m) => m.number)).to.eql([5, 6, 7])
        await expect(ds.getRepository(Invoice).insert({ customer: c })).to.be.rejectedWith(
            "transaction",
        )
    })
})
