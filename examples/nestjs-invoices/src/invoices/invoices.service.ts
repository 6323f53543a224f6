import {
    ConflictException,
    Injectable,
    NotFoundException,
    UnprocessableEntityException,
} from "@nestjs/common"
import { DataSource, type EntityManager, IsNull, Not } from "typeorm"
import { findByDocumentNumber, Sequence, seriesOf } from "typeorm-autosequence"
import { InjectSequence } from "typeorm-autosequence/nestjs"
import type { Customer } from "../customers/customer.entity.js"
import type { Tenant } from "../tenants/tenant.entity.js"
import { Invoice } from "./invoice.entity.js"
import { type Line, totalOf } from "./line.js"

@Injectable()
export class InvoicesService {
    constructor(
        private readonly dataSource: DataSource,
        @InjectSequence("receipts") private readonly receipts: Sequence,
    ) {}

    add(customer: Customer, lines: Line[]): Promise<Invoice> {
        return this.dataSource.transaction((manager) => {
            const total = totalOf(lines)
            return this.issue(manager.create(Invoice, { customer, lines, total }), manager)
        })
    }

    /** Makes an invoice final, in the transaction of the manager. */
    async issue(invoice: Invoice, manager: EntityManager): Promise<Invoice> {
        const { customer } = invoice
        await manager.save(Object.assign(invoice, { status: "final", issuedAt: new Date() }))
        // Only now: by the number this transaction holds the customer's counter, so that no other
        // invoice of the customer comes in between. Whoever throws gives the number back.
        const unpaid = {
            customer: { id: customer.id },
            status: "final",
            receiptNumber: IsNull(),
        } as const
        const owed = (await manager.sum(Invoice, "total", unpaid)) ?? 0
        if (customer.creditLimit !== null && owed > customer.creditLimit)
            throw new UnprocessableEntityException("The customer's credit limit is reached.")
        return invoice
    }

    list(customer: Customer): Promise<Invoice[]> {
        return this.dataSource.manager.find(Invoice, {
            where: { customer: { id: customer.id }, status: Not("draft") },
            relations: { customer: true },
            order: { sequence: "ASC" },
        })
    }

    /** That of a customer with the number as people read it. */
    async find({ id }: Customer, number: string): Promise<Invoice> {
        const found = await findByDocumentNumber(this.dataSource.manager, Invoice, number, {
            where: { customer: { id } },
            relations: { customer: true },
        })
        if (!found) throw new NotFoundException()
        return found
    }

    /** Marks an invoice as paid, by a receipt. */
    pay(invoice: Invoice, tenant: Tenant): Promise<Invoice> {
        return this.dataSource.transaction(async (manager) => {
            const unpaid = await this.lockUnpaid(invoice, manager)
            unpaid.receiptNumber = await this.receipts.inScope({ tenant: tenant.id }).next(manager)
            return manager.save(unpaid)
        })
    }

    /** Makes an invoice void. It keeps its number, and the journal keeps the reason. */
    void(invoice: Invoice, tenant: Tenant, reason: string): Promise<Invoice> {
        return this.dataSource.transaction(async (manager) => {
            const unpaid = await this.lockUnpaid(invoice, manager)
            const set = { status: "void" } as const
            const series = seriesOf(this.dataSource, Invoice, "sequence")
            await series.void(manager, unpaid, { reason, by: tenant.name, set })
            return unpaid
        })
    }

    private async lockUnpaid({ id }: Invoice, manager: EntityManager): Promise<Invoice> {
        const invoice = await manager.findOneOrFail(Invoice, {
            where: { id },
            relations: { customer: true },
            // Who comes second waits here, and sees that it is paid, or void.
            lock: { mode: "pessimistic_write", tables: ["invoice"] },
        })
        if (invoice.receiptNumber !== null) throw new ConflictException("It is paid already.")
        if (invoice.status === "void") throw new ConflictException("It is void.")
        return invoice
    }
}
