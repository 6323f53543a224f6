import { Body, Controller, Get, Patch, Post } from "@nestjs/common"
import {
    ApiBadRequestResponse,
    ApiConflictResponse,
    ApiCreatedResponse,
    ApiOkResponse,
} from "@nestjs/swagger"
import { ApiChangeableKey, ApiTenant } from "../openapi.js"
import { CurrentTenant } from "../tenants/tenant-request.js"
import { Tenant } from "../tenants/tenant.entity.js"
import { CustomerByKey } from "./customer-by-key.js"
import { CustomerChange, CustomerView, NewCustomer } from "./customer.dto.js"
import { Customer } from "./customer.entity.js"
import { CustomersService } from "./customers.service.js"

@ApiTenant()
@Controller("customers")
export class CustomersController {
    constructor(private readonly customers: CustomersService) {}

    @Post()
    @ApiCreatedResponse({ type: CustomerView })
    @ApiBadRequestResponse()
    async add(@CurrentTenant() tenant: Tenant, @Body() customer: NewCustomer) {
        return new CustomerView(await this.customers.add(tenant, customer))
    }

    @Get()
    @ApiOkResponse({ type: [CustomerView] })
    async list(@CurrentTenant() tenant: Tenant) {
        const customers = await this.customers.list(tenant)
        return customers.map((customer) => new CustomerView(customer))
    }

    @Get(":key")
    @ApiChangeableKey("cus", 301)
    @ApiOkResponse({ type: CustomerView })
    show(@CustomerByKey() customer: Customer) {
        return new CustomerView(customer)
    }

    @Patch(":key")
    @ApiChangeableKey("cus", 308)
    @ApiOkResponse({ type: CustomerView })
    @ApiBadRequestResponse({ description: "This can be no key of a customer." })
    @ApiConflictResponse({ description: "Another customer has the key, or had it." })
    async change(@CustomerByKey() customer: Customer, @Body() { key }: CustomerChange) {
        return new CustomerView(await this.customers.changeKey(customer, key))
    }
}
