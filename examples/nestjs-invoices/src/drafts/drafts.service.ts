import { Injectable, NotFoundException } from "@nestjs/common"
import { DataSource } from "typeorm"
import type { Customer } from "../customers/customer.entity.js"
import type { Invoice } from "../invoices/invoice.entity.js"
import { InvoicesService } from "../invoices/invoices.service.js"
import type { Line } from "../invoices/line.js"
import { InvoiceDraft } from "./invoice-draft.entity.js"

@Injectable()
export class DraftsService {
    constructor(
        private readonly dataSource: DataSource,
        private readonly invoices: InvoicesService,
    ) {}

    add(customer: Customer, lines: Line[]): Promise<InvoiceDraft> {
        const { manager } = this.dataSource
        return manager.save(manager.create(InvoiceDraft, { customer, lines }))
    }

    async change(draft: InvoiceDraft, lines: Line[]): Promise<InvoiceDraft> {
        // save() would insert a draft again that is gone by now.
        const { affected } = await this.dataSource.manager.update(
            InvoiceDraft,
            { id: draft.id },
            { lines },
        )
        if (!affected) throw new NotFoundException()
        draft.lines = lines
        return draft
    }

    async remove({ id }: InvoiceDraft): Promise<void> {
        await this.dataSource.manager.delete(InvoiceDraft, { id })
    }

    /** The draft goes, the invoice comes with its number: both or nothing. */
    finalise({ id, customer }: InvoiceDraft): Promise<Invoice> {
        return this.dataSource.transaction(async (manager) => {
            // As it is now. Who comes second waits here, and finds that it is gone.
            const draft = await manager.findOne(InvoiceDraft, {
                where: { id },
                lock: { mode: "pessimistic_write" },
            })
            if (!draft) throw new NotFoundException()
            await manager.remove(draft)
            return this.invoices.issue(customer, draft.lines, { manager })
        })
    }
}
