import { In } from "typeorm"
import { PseudoKeyParam } from "typeorm-autosequence/nestjs"
import type { TenantRequest } from "../tenants/tenant-request.js"
import { Invoice } from "./invoice.entity.js"

/** The final and void invoices of the tenant who asks. */
export const InvoiceByKey = () => byKey("final", "void")

/** The drafts of the tenant who asks. */
export const DraftByKey = () => byKey("draft")

function byKey(...status: Invoice["status"][]) {
    return PseudoKeyParam("key", Invoice, {
        relations: { customer: true },
        where: ({ tenant }: TenantRequest) => ({
            status: In(status),
            customer: { tenant: { id: tenant.id } },
        }),
    })
}
