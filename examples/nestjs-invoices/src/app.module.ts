import { Module } from "@nestjs/common"
import { APP_FILTER } from "@nestjs/core"
import { TerminusModule } from "@nestjs/terminus"
import { TypeOrmModule } from "@nestjs/typeorm"
import { AutoSequenceModule } from "typeorm-autosequence/nestjs"
import { CustomersModule } from "./customers/customers.module.js"
import { databaseOptions } from "./database/options.js"
import { HealthController } from "./health.controller.js"
import { InvoicesModule } from "./invoices/invoices.module.js"
import { KeyErrorFilter } from "./key-error.filter.js"
import { TenantsModule } from "./tenants/tenants.module.js"

@Module({
    imports: [
        TypeOrmModule.forRootAsync({ useFactory: () => databaseOptions() }),
        // Without a migration that is missing the application does not start.
        AutoSequenceModule.forRoot({ strict: true, redirectRetiredKeys: true }),
        TerminusModule,
        TenantsModule,
        CustomersModule,
        InvoicesModule,
    ],
    controllers: [HealthController],
    providers: [{ provide: APP_FILTER, useClass: KeyErrorFilter }],
})
export class AppModule {}
