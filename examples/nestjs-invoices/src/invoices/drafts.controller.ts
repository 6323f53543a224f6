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
import { ApiChangeableKey, ApiKey, ApiTenant } from "../openapi.js"
import { DraftView } from "./draft.dto.js"
import { DraftsService } from "./drafts.service.js"
import { DraftByKey } from "./invoice-by-key.js"
import { InvoiceView, NumberPreviewView } from "./invoice.dto.js"
import { Invoice } from "./invoice.entity.js"
import { Lines } from "./line.js"

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
    @ApiKey("inv")
    @ApiOkResponse({ type: DraftView })
    show(@DraftByKey() draft: Invoice) {
        return new DraftView(draft)
    }

    @Put("drafts/:key")
    @ApiKey("inv")
    @ApiOkResponse({ type: DraftView })
    @ApiBadRequestResponse()
    async change(@DraftByKey() draft: Invoice, @Body() { lines }: Lines) {
        return new DraftView(await this.drafts.change(draft, lines))
    }

    @Delete("drafts/:key")
    @HttpCode(204)
    @ApiKey("inv")
    @ApiNoContentResponse()
    async remove(@DraftByKey() draft: Invoice): Promise<void> {
        await this.drafts.remove(draft)
    }

    @Get("drafts/:key/preview")
    @ApiKey("inv")
    @ApiOkResponse({ type: NumberPreviewView })
    async preview(@DraftByKey() draft: Invoice) {
        return new NumberPreviewView(await this.drafts.preview(draft))
    }

    @Post("drafts/:key/finalise")
    @ApiKey("inv")
    @ApiCreatedResponse({
        type: InvoiceView,
        description: "It has its number, and is no draft any more.",
    })
    @ApiUnprocessableEntityResponse({ description: "The customer's credit limit is reached." })
    async finalise(@DraftByKey() draft: Invoice) {
        return new InvoiceView(await this.drafts.finalise(draft))
    }
}
