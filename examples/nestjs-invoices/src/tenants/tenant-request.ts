import { createParamDecorator, type ExecutionContext } from "@nestjs/common"
import type { Tenant } from "./tenant.entity.js"

/** A request that the guard has let through. */
export interface TenantRequest {
    headers: { "x-api-key"?: string }
    tenant: Tenant
}

/** The tenant who asks. */
export const CurrentTenant = createParamDecorator(
    (_: unknown, context: ExecutionContext) =>
        context.switchToHttp().getRequest<TenantRequest>().tenant,
)
