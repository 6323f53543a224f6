import { PseudoKeyParam } from "typeorm-autosequence/nestjs"
import type { TenantRequest } from "../tenants/tenant-request.js"
import { Invoice } from "./invoice.entity.js"

/** The invoices of the tenant who asks. */
export const InvoiceByKey = () =>
    PseudoKeyParam("key", Invoice, {
        relations: { customer: true },
        where: ({ tenant }: TenantRequest) => ({ customer: { tenant: { id: tenant.id } } }),
    })
