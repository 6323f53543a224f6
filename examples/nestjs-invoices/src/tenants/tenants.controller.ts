import { Body, Controller, Post } from "@nestjs/common"
import { ApiCreatedResponse } from "@nestjs/swagger"
import { Public } from "./public.js"
import { NewTenant, TenantView } from "./tenant.dto.js"
import { TenantsService } from "./tenants.service.js"

@Public()
@Controller("tenants")
export class TenantsController {
    constructor(private readonly tenants: TenantsService) {}

    /** Anybody may sign up here. Put your own authentication in its place. */
    @Post()
    @ApiCreatedResponse({ type: TenantView })
    signUp(@Body() { name }: NewTenant): Promise<TenantView> {
        return this.tenants.signUp(name)
    }
}
