import { Injectable } from "@nestjs/common"
import { InjectRepository } from "@nestjs/typeorm"
import { Repository } from "typeorm"
import type { Tenant } from "../tenants/tenant.entity.js"
import type { NewCustomer } from "./customer.dto.js"
import { Customer } from "./customer.entity.js"

@Injectable()
export class CustomersService {
    constructor(@InjectRepository(Customer) private readonly customers: Repository<Customer>) {}

    add(tenant: Tenant, { name, creditLimit = null }: NewCustomer): Promise<Customer> {
        return this.customers.save(this.customers.create({ tenant, name, creditLimit }))
    }

    list({ id }: Tenant): Promise<Customer[]> {
        return this.customers.find({ where: { tenant: { id } }, order: { name: "ASC", id: "ASC" } })
    }

    /** The old key goes on leading to the customer. */
    changeKey(customer: Customer, key: string): Promise<Customer> {
        customer.key = key
        return this.customers.save(customer)
    }
}
