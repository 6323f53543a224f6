import { type EntitySchema, Index } from "typeorm"
import { sealedReferences } from "../declared/keys/sealed-reference"
import { TEXT, refuseOther, refuserOf } from "../declared/options"
import { showKeys } from "../keys/shown-keys"
import { showReference } from "../keys/sealed/sealed-reference"
import { onMetadata } from "../typeorm/metadata/index-metadata"
import { extendSchema } from "./extend-schema"
import { placeOf, refuseOtherTypes } from "./place"

/**
 * Shows the sealed key of the row that a many-to-one or one-to-one relation points to, whether or
 * not the relation is loaded. Use it for responses that should contain the customer's public key
 * instead of the primary key. It is NULL if the relation is.
 *
 * There is no column. The foreign key comes from the relation if it is loaded, or from a property
 * declared for it (`@Column() customerId`). If there is neither, one more query fetches the foreign
 * keys of all rows of a load, except of rows that `leftJoinAndMapOne()` puts on a property that is no
 * relation. A lazy relation isn't loaded for it.
 *
 * Errors: {@link InvalidOptionError} when the data source is initialized, if there is no such
 * relation or its entity has no sealed key; {@link InvalidKeyError} if the property is set to
 * another key. Set the relation instead.
 *
 * ```ts
 * import { Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
 * import { PseudoKey, SealedReference } from "typeorm-autosequence"
 *
 * const secret = () => process.env.KEY_SECRET ?? ""
 *
 * @Entity()
 * class Customer {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @PseudoKey({ prefix: "cus", seal: { column: "id", secret } })
 *     publicId!: string
 * }
 *
 * @Entity()
 * class Invoice {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @ManyToOne(() => Customer, { nullable: false })
 *     customer!: Customer
 *
 *     @SealedReference("customer")
 *     customerKey!: string // cus_kU3nRFNNQEVXzhCc8aNvhw
 * }
 * ```
 */
export function SealedReference(
    relation: string,
): (prototype: object, propertyName: string | symbol) => void {
    return (prototype, property) => {
        const place = placeOf("@SealedReference", prototype, property)
        refuseOther("the relation is", relation, TEXT, refuserOf(place.name))
        refuseOtherTypes(place, prototype, [String, Object], "Declare it as string.")
        const { target, propertyName } = place
        sealedReferences.register({ target, propertyName, relation })
        Index(referenceIndex())(target)
    }
}

/**
 * {@link SealedReference} for entities declared with `EntitySchema`: each property with the name of
 * its relation.
 *
 * ```ts
 * import { EntitySchema } from "typeorm"
 * import { withSealedReferences } from "typeorm-autosequence"
 *
 * interface Invoice {
 *     id: number
 *     customer: object
 *     customerKey: string
 * }
 *
 * export const InvoiceEntity = withSealedReferences(
 *     new EntitySchema<Invoice>({
 *         name: "invoice",
 *         columns: { id: { type: "int", primary: true, generated: true } },
 *         relations: { customer: { type: "many-to-one", target: "customer" } },
 *     }),
 *     { customerKey: "customer" },
 * )
 * ```
 */
export function withSealedReferences<Entity extends object>(
    schema: EntitySchema<Entity>,
    references: { readonly [P in keyof Entity & string]?: string },
): EntitySchema<Entity> {
    return extendSchema(
        "withSealedReferences",
        schema,
        references as Record<string, string | undefined>,
        (declared, place, relation = "") => {
            refuseOther("the relation is", relation, TEXT, refuserOf(place))
            sealedReferences.register({ ...declared, relation })
            return { index: { columns: referenceIndex() } }
        },
    )
}

function referenceIndex(): () => string[] {
    return onMetadata((metadata) => {
        showReference(metadata)
        showKeys(metadata)
    })
}
