import { Body, Controller, Delete, Get, HttpCode, Post, Put } from "@nestjs/common"
import {
    ApiBadRequestResponse,
    ApiCreatedResponse,
    ApiNoContentResponse,
    ApiOkResponse,
    ApiUnprocessableEntityResponse,
} from "@nestjs/swagger"
import { CustomerByKey } from "../customers/customer-by-key.js"
import { Customer } from "../customers/customer.entity.js"
import { InvoiceView } from "../invoices/invoice.dto.js"
import { Lines } from "../invoices/line.js"
import { ApiChangeableKey, ApiKey, ApiTenant } from "../openapi.js"
import { DraftByKey } from "./draft-by-key.js"
import { DraftView } from "./draft.dto.js"
import { DraftsService } from "./drafts.service.js"
import { InvoiceDraft } from "./invoice-draft.entity.js"

@ApiTenant()
@Controller()
export class DraftsController {
    constructor(private readonly drafts: DraftsService) {}

    @Post("customers/:key/drafts")
    @ApiChangeableKey("cus", 308)
    @ApiCreatedResponse({ type: DraftView })
    @ApiBadRequestResponse()
    async add(@CustomerByKey() customer: Customer, @Body() { lines }: Lines) {
        return new DraftView(await this.drafts.add(customer, lines))
    }

    @Get("drafts/:key")
    @ApiKey("draft")
    @ApiOkResponse({ type: DraftView })
    show(@DraftByKey() draft: InvoiceDraft) {
        return new DraftView(draft)
    }

    @Put("drafts/:key")
    @ApiKey("draft")
    @ApiOkResponse({ type: DraftView })
    @ApiBadRequestResponse()
    async change(@DraftByKey() draft: InvoiceDraft, @Body() { lines }: Lines) {
        return new DraftView(await this.drafts.change(draft, lines))
    }

    @Delete("drafts/:key")
    @HttpCode(204)
    @ApiKey("draft")
    @ApiNoContentResponse()
    async remove(@DraftByKey() draft: InvoiceDraft): Promise<void> {
        await this.drafts.remove(draft)
    }

    @Post("drafts/:key/finalise")
    @ApiKey("draft")
    @ApiCreatedResponse({ type: InvoiceView, description: "The invoice. The draft is gone." })
    @ApiUnprocessableEntityResponse({ description: "The customer's credit limit is reached." })
    async finalise(@DraftByKey() draft: InvoiceDraft) {
        return new InvoiceView(await this.drafts.finalise(draft))
    }
}
