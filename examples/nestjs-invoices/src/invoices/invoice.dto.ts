import { ApiProperty } from "@nestjs/swagger"
import { DraftView } from "./draft.dto.js"
import type { Invoice } from "./invoice.entity.js"

/** A final one, whose number and date are there. */
export class InvoiceView extends DraftView {
    @ApiProperty({ type: Number, example: 1, description: "1, 2, 3 … for each customer" })
    number: number | null

    @ApiProperty({ type: Date })
    issuedAt: Date | null

    @ApiProperty({ type: Number, nullable: true, description: "Of paid invoices" })
    receiptNumber: number | null

    constructor(invoice: Invoice) {
        super(invoice)
        this.number = invoice.number
        this.issuedAt = invoice.issuedAt
        this.receiptNumber = invoice.receiptNumber
    }
}
