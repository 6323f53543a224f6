import { ApiProperty } from "@nestjs/swagger"
import { Line, totalOf } from "../invoices/line.js"
import type { InvoiceDraft } from "./invoice-draft.entity.js"

export class DraftView {
    @ApiProperty({ example: "draft_V1StGXR8_Z5jdHi6B-myT" })
    key: string

    @ApiProperty({ description: "The key of the customer" })
    customer: string

    @ApiProperty({ type: [Line] })
    lines: Line[]

    @ApiProperty({ description: "In cents" })
    total: number

    constructor({ key, customer, lines }: InvoiceDraft) {
        this.key = key
        this.customer = customer.key
        this.lines = lines
        this.total = totalOf(lines)
    }
}
