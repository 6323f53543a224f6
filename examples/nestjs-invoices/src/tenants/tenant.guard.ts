import {
    type CanActivate,
    type ExecutionContext,
    Injectable,
    UnauthorizedException,
} from "@nestjs/common"
import { Reflector } from "@nestjs/core"
import type { TenantRequest } from "./tenant-request.js"
import { Public } from "./public.js"
import { TenantsService } from "./tenants.service.js"

/** Finds out who asks, before any pipe looks for what they ask for. */
@Injectable()
export class TenantGuard implements CanActivate {
    constructor(
        private readonly reflector: Reflector,
        private readonly tenants: TenantsService,
    ) {}

    async canActivate(context: ExecutionContext): Promise<boolean> {
        if (this.reflector.get(Public, context.getClass())) return true
        const request = context.switchToHttp().getRequest<TenantRequest>()
        const apiKey = request.headers["x-api-key"]
        const tenant = apiKey === undefined ? null : await this.tenants.findByApiKey(apiKey)
        if (!tenant) throw new UnauthorizedException()
        request.tenant = tenant
        return true
    }
}
