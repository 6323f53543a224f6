import { PseudoKeyParam } from "typeorm-autosequence/nestjs"
import type { TenantRequest } from "../tenants/tenant-request.js"
import { Customer } from "./customer.entity.js"

/** The customers of the tenant who asks; all others are unknown. */
export const CustomerByKey = () =>
    PseudoKeyParam("key", Customer, {
        where: ({ tenant }: TenantRequest) => ({ tenant: { id: tenant.id } }),
    })
