import { Module } from "@nestjs/common"
import { AutoSequenceModule } from "typeorm-autosequence/nestjs"
import { DraftsController } from "./drafts.controller.js"
import { DraftsService } from "./drafts.service.js"
import { InvoicesController } from "./invoices.controller.js"
import { InvoicesService } from "./invoices.service.js"

@Module({
    imports: [AutoSequenceModule.forFeature(["receipts"])],
    controllers: [InvoicesController, DraftsController],
    providers: [InvoicesService, DraftsService],
})
export class InvoicesModule {}
