import { PseudoKeyParam } from "typeorm-autosequence/nestjs"
import type { TenantRequest } from "../tenants/tenant-request.js"
import { InvoiceDraft } from "./invoice-draft.entity.js"

/** The drafts of the tenant who asks. */
export const DraftByKey = () =>
    PseudoKeyParam("key", InvoiceDraft, {
        relations: { customer: true },
        where: ({ tenant }: TenantRequest) => ({ customer: { tenant: { id: tenant.id } } }),
    })
