import { Module } from "@nestjs/common"
import { InvoicesModule } from "../invoices/invoices.module.js"
import { DraftsController } from "./drafts.controller.js"
import { DraftsService } from "./drafts.service.js"

@Module({
    imports: [InvoicesModule],
    controllers: [DraftsController],
    providers: [DraftsService],
})
export class DraftsModule {}
