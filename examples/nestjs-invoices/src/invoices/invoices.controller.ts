import { Body, Controller, Get, HttpCode, Param, Post } from "@nestjs/common"
import {
    ApiBadRequestResponse,
    ApiConflictResponse,
    ApiCreatedResponse,
    ApiOkResponse,
    ApiParam,
    ApiUnprocessableEntityResponse,
} from "@nestjs/swagger"
import { CustomerByKey } from "../customers/customer-by-key.js"
import { Customer } from "../customers/customer.entity.js"
import { ApiChangeableKey, ApiKey, ApiTenant } from "../openapi.js"
import { CurrentTenant } from "../tenants/tenant-request.js"
import { Tenant } from "../tenants/tenant.entity.js"
import { InvoiceByKey } from "./invoice-by-key.js"
import { InvoiceView, VoidReason } from "./invoice.dto.js"
import { Invoice } from "./invoice.entity.js"
import { InvoicesService } from "./invoices.service.js"
import { Lines } from "./line.js"

@ApiTenant()
@Controller()
export class InvoicesController {
    constructor(private readonly invoices: InvoicesService) {}

    @Post("customers/:key/invoices")
    @ApiChangeableKey("cus", 308)
    @ApiCreatedResponse({ type: InvoiceView })
    @ApiBadRequestResponse()
    @ApiUnprocessableEntityResponse({ description: "The customer's credit limit is reached." })
    async add(@CustomerByKey() customer: Customer, @Body() { lines }: Lines) {
        return new InvoiceView(await this.invoices.add(customer, lines))
    }

    @Get("customers/:key/invoices")
    @ApiChangeableKey("cus", 301)
    @ApiOkResponse({ type: [InvoiceView] })
    async list(@CustomerByKey() customer: Customer) {
        const invoices = await this.invoices.list(customer)
        return invoices.map((invoice) => new InvoiceView(invoice))
    }

    /** By the number that is printed, encoded: `/customers/cus_ann/invoices/INV%2F00001`. */
    @Get("customers/:key/invoices/:number")
    @ApiChangeableKey("cus", 301)
    @ApiParam({ name: "number", type: String, example: "INV/00001" })
    @ApiOkResponse({ type: InvoiceView })
    async find(@CustomerByKey() customer: Customer, @Param("number") number: string) {
        return new InvoiceView(await this.invoices.find(customer, number))
    }

    @Get("invoices/:key")
    @ApiKey("inv")
    @ApiOkResponse({ type: InvoiceView })
    show(@InvoiceByKey() invoice: Invoice) {
        return new InvoiceView(invoice)
    }

    @Post("invoices/:key/payment")
    @HttpCode(200)
    @ApiKey("inv")
    @ApiOkResponse({ type: InvoiceView })
    @ApiConflictResponse({ description: "It is paid already, or void." })
    async pay(@CurrentTenant() tenant: Tenant, @InvoiceByKey() invoice: Invoice) {
        return new InvoiceView(await this.invoices.pay(invoice, tenant))
    }

    @Post("invoices/:key/void")
    @HttpCode(200)
    @ApiKey("inv")
    @ApiOkResponse({ type: InvoiceView })
    @ApiBadRequestResponse()
    @ApiConflictResponse({ description: "It is paid already, or void." })
    async void(
        @CurrentTenant() tenant: Tenant,
        @InvoiceByKey() invoice: Invoice,
        @Body() { reason }: VoidReason,
    ) {
        return new InvoiceView(await this.invoices.void(invoice, tenant, reason))
    }
}
