import { Column, Index } from "typeorm"
import {
    type DocumentNumberOptions,
    splitDocumentOptions,
} from "../declared/documents/document-options"
import { documents } from "../declared/registry"
import { uniqueDocumentIndex } from "./indexes/document-index"
import { placeOf, refuseOtherTypes } from "./place"

/**
 * The number as people read it: `INV-2026-0001`. It is stored by the statement that writes the
 * number, and never changes afterwards, even if the format or the values that it shows change.
 *
 * It declares the column (`varchar(255)`, nullable if the number is), a unique index within the
 * properties that the number is unique with, and a CHECK constraint: if there is a number, there is
 * a text, and it shows the number. The number has at least as many digits as its token has zeros,
 * and is never cut: `INV-2026-9999` is followed by `INV-2026-10000`.
 *
 * Formats that could give two rows the same text are refused when the data source is initialized:
 * formats without the number, without the period in which it counts, or with properties that can't
 * be told apart from the number next to them.
 *
 * Errors: {@link InvalidOptionError} when the class is decorated or the data source is initialized.
 * When a row is numbered: {@link DocumentNumberError} if a property that the text shows isn't set
 * or has characters that aren't allowed; {@link NumberOverflowError} after the largest number.
 * {@link ReadOnlyNumberError} if a stored text is changed.
 *
 * ```ts
 * import { Column, Entity, ManyToOne, Not, PrimaryGeneratedColumn } from "typeorm"
 * import { AutoSequenceColumn, DocumentNumber } from "typeorm-autosequence"
 *
 * @Entity()
 * class Company {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 * }
 *
 * @Entity()
 * class Invoice {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @ManyToOne(() => Company, { nullable: false })
 *     company!: Company
 *
 *     @Column({ default: "draft" })
 *     status!: string
 *
 *     @Column({ type: "date", nullable: true })
 *     issuedOn!: string | null
 *
 *     @AutoSequenceColumn({
 *         strategy: "counter",
 *         uniqueWith: "company",
 *         period: { of: "issuedOn", by: "year", timeZone: "Europe/Berlin" },
 *         when: { status: Not("draft") },
 *     })
 *     sequence!: number | null
 *
 *     @DocumentNumber({ of: "sequence", format: "INV-{YYYY}-{0000}" })
 *     number!: string | null // INV-2026-0001
 * }
 * ```
 */
export function DocumentNumber(options: DocumentNumberOptions): PropertyDecorator {
    return (prototype, property) => {
        const place = placeOf("@DocumentNumber", prototype, property)
        const { target, propertyName } = place
        const { document, column } = splitDocumentOptions(place.name, options)
        refuseOtherTypes(place, prototype, [String], "Declare it as string.")
        const declared = { target, propertyName, options: document }
        documents.register(declared)
        Column(column)(prototype, propertyName)
        Index(uniqueDocumentIndex(declared), { unique: true })(target)
    }
}
