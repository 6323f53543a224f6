import { Column, Index } from "typeorm"
import {
    type DocumentNumberOptions,
    splitDocumentOptions,
} from "../declared/documents/document-options"
import { documents } from "../declared/registry"
import { uniqueDocumentIndex } from "./indexes/document-index"
import { placeOf, refuseOtherTypes } from "./place"

/**
 * The number as people read it: `INV-2026-0001`. It is stored, written by the statement that writes the number, and never
 * changes afterwards, whatever becomes of the format or of what it shows.
 *
 * It declares the column (`varchar(255)`, NULL where the number can be), a unique index within the properties that the
 * number is unique with, and a CHECK constraint that the text is there where the number is, and shows it. The number has at
 * least as many digits as its token has zeros, and is never cut: `INV-2026-9999` is followed by `INV-2026-10000`.
 *
 * Formats by which two rows could get the same text are refused when the data source is initialised: without the number,
 * without the period in which it counts, or with properties that can't be told from the number beside them.
 *
 * Errors: {@link InvalidOptionError} when the class is decorated, or when the data source is initialised. Where a row is
 * numbered: {@link DocumentNumberError} where a property that the text shows is not set, or has characters that it may not
 * have; {@link NumberOverflowError} behind the largest number. {@link ReadOnlyNumberError} where a stored text is to be changed.
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
