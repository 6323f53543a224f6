import { Module } from "@nestjs/common"
import { APP_GUARD } from "@nestjs/core"
import { TypeOrmModule } from "@nestjs/typeorm"
import { Tenant } from "./tenant.entity.js"
import { TenantGuard } from "./tenant.guard.js"
import { TenantsController } from "./tenants.controller.js"
import { TenantsService } from "./tenants.service.js"

@Module({
    imports: [TypeOrmModule.forFeature([Tenant])],
    controllers: [TenantsController],
    providers: [TenantsService, { provide: APP_GUARD, useClass: TenantGuard }],
})
export class TenantsModule {}
