import { Module } from "@nestjs/common"
import { AutoSequenceModule } from "typeorm-autosequence/nestjs"
import { InvoicesController } from "./invoices.controller.js"
import { InvoicesService } from "./invoices.service.js"

@Module({
    imports: [AutoSequenceModule.forFeature(["receipts"])],
    controllers: [InvoicesController],
    providers: [InvoicesService],
    exports: [InvoicesService],
})
export class InvoicesModule {}
