import { ApiProperty } from "@nestjs/swagger"
import { IsInt, IsNotEmpty, IsOptional, IsString, Max, Min } from "class-validator"
import { IsText } from "../text.js"
import type { Customer } from "./customer.entity.js"

export class NewCustomer {
    @ApiProperty({ example: "Ann" })
    @IsText(100)
    name!: string

    @ApiProperty({
        type: Number,
        nullable: true,
        required: false,
        description: "In cents, for all invoices that are not paid",
    })
    @IsOptional()
    @IsInt()
    @Min(0)
    @Max(2_000_000_000)
    creditLimit?: number | null
}

export class CustomerChange {
    @ApiProperty({ example: "cus_ann", description: "The old one goes on leading here." })
    @IsString()
    // The library would make a new one.
    @IsNotEmpty()
    key!: string
}

export class CustomerView {
    @ApiProperty({ example: "cus_V1StGXR8_Z5jdHi6B-myT" })
    key: string

    @ApiProperty()
    name: string

    @ApiProperty({ type: Number, nullable: true })
    creditLimit: number | null

    constructor({ key, name, creditLimit }: Customer) {
        this.key = key
        this.name = name
        this.creditLimit = creditLimit
    }
}
