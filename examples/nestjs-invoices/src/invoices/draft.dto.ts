import { ApiProperty } from "@nestjs/swagger"
import type { Invoice } from "./invoice.entity.js"
import { Line } from "./line.js"

export class DraftView {
    @ApiProperty({ example: "inv_V1StGXR8_Z5jdHi6B-myT" })
    key: string

    @ApiProperty({ description: "The key of the customer" })
    customer: string

    @ApiProperty({ type: [Line] })
    lines: Line[]

    @ApiProperty({ description: "In cents" })
    total: number

    constructor({ key, customer, lines, total }: Invoice) {
        this.key = key
        this.customer = customer.key
        this.lines = lines
        this.total = total
    }
}
