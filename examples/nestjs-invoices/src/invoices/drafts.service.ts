import { Injectable, NotFoundException } from "@nestjs/common"
import { DataSource } from "typeorm"
import { seriesOf } from "typeorm-autosequence"
import type { Customer } from "../customers/customer.entity.js"
import { Invoice } from "./invoice.entity.js"
import { InvoicesService } from "./invoices.service.js"
import { type Line, totalOf } from "./line.js"

/** A draft may become final at any time, so each statement asks once more whether it is one. */
@Injectable()
export class DraftsService {
    constructor(
        private readonly dataSource: DataSource,
        private readonly invoices: InvoicesService,
    ) {}

    add(customer: Customer, lines: Line[]): Promise<Invoice> {
        const { manager } = this.dataSource
        return manager.save(manager.create(Invoice, { customer, lines, total: totalOf(lines) }))
    }

    async change(draft: Invoice, lines: Line[]): Promise<Invoice> {
        const content = { lines, total: totalOf(lines) }
        const { affected } = await this.dataSource.manager.update(
            Invoice,
            { id: draft.id, status: "draft" },
            content,
        )
        if (!affected) throw new NotFoundException()
        return Object.assign(draft, content)
    }

    async remove({ id }: Invoice): Promise<void> {
        const { affected } = await this.dataSource.manager.delete(Invoice, { id, status: "draft" })
        if (!affected) throw new NotFoundException()
    }

    /** The number that a draft would get now. Nothing is reserved. */
    preview({ customer }: Invoice) {
        return seriesOf(this.dataSource, Invoice, "sequence").preview({ customer })
    }

    finalise({ id }: Invoice): Promise<Invoice> {
        return this.dataSource.transaction(async (manager) => {
            const draft = await manager.findOne(Invoice, {
                where: { id, status: "draft" },
                relations: { customer: true },
                // As it is now. Who comes second waits here, and finds that it is none any more.
                lock: { mode: "pessimistic_write", tables: ["invoice"] },
            })
            if (!draft) throw new NotFoundException()
            return this.invoices.issue(draft, manager)
        })
    }
}
