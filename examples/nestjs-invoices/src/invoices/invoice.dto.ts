import { ApiProperty } from "@nestjs/swagger"
import { IsText } from "../text.js"
import { DraftView } from "./draft.dto.js"
import type { Invoice } from "./invoice.entity.js"

/** A final or void one, whose number and date are there. */
export class InvoiceView extends DraftView {
    @ApiProperty({ enum: ["final", "void"] })
    status: Invoice["status"]

    @ApiProperty({ type: String, example: "INV/00001", description: "As it is printed" })
    number: string | null

    @ApiProperty({ type: Number, example: 1, description: "1, 2, 3 … for each customer" })
    sequence: number | null

    @ApiProperty({ type: Date })
    issuedAt: Date | null

    @ApiProperty({ type: Number, nullable: true, description: "Of paid invoices" })
    receiptNumber: number | null

    constructor(invoice: Invoice) {
        super(invoice)
        this.status = invoice.status
        this.number = invoice.number
        this.sequence = invoice.sequence
        this.issuedAt = invoice.issuedAt
        this.receiptNumber = invoice.receiptNumber
    }
}

/** What the number of a draft would be, if it were made final now. */
export class NumberPreviewView {
    @ApiProperty({ example: "INV/00001" })
    number: string

    @ApiProperty({ example: false, description: "Somebody else may get it first." })
    reserved: boolean

    constructor({ text, reserved }: { text: string; reserved: boolean }) {
        this.number = text
        this.reserved = reserved
    }
}

export class VoidReason {
    @ApiProperty({ example: "Issued to the wrong customer", description: "For the journal" })
    @IsText(200)
    reason!: string
}
