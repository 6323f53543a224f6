import { ApiProperty } from "@nestjs/swagger"
import type { Invoice } from "./invoice.entity.js"
import { Line } from "./line.js"

export class InvoiceView {
    @ApiProperty({ example: "inv_V1StGXR8_Z5jdHi6B-myT" })
    key: string

    @ApiProperty({ example: 1, description: "1, 2, 3 … for each customer" })
    number: number

    @ApiProperty({ description: "The key of the customer" })
    customer: string

    @ApiProperty({ type: [Line] })
    lines: Line[]

    @ApiProperty({ description: "In cents" })
    total: number

    @ApiProperty()
    issuedAt: Date

    @ApiProperty({ type: Number, nullable: true, description: "Of paid invoices" })
    receiptNumber: number | null

    constructor({ key, number, customer, lines, total, issuedAt, receiptNumber }: Invoice) {
        this.key = key
        this.number = number
        this.customer = customer.key
        this.lines = lines
        this.total = total
        this.issuedAt = issuedAt
        this.receiptNumber = receiptNumber
    }
}
