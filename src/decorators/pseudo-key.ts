import { Column, Index } from "typeorm"
import type { PseudoKeyOptions } from "../declared/keys/key-options"
import { splitKeyOptions } from "../declared/keys/split-key-options"
import type { PropertyPath } from "../keys/property-path"
import { sealedKeys, storedKeys } from "../declared/registry"
import { sealedKeyIndex, uniqueKeyIndex } from "./indexes/key-index"
import { placeOf, refuseOtherTypes } from "./place"

/** For {@link PseudoKey}: an entity that has all properties which the options name. */
export type HasProperties<Entity, Path extends string> = [Path] extends [PropertyPath<Entity>]
    ? unknown
    : { "the entity has no such property": Exclude<Path, PropertyPath<Entity>> }

/**
 * A public identifier beside the primary key: it does not tell how many rows there are, has the format
 * that its owner wants, and never leads to another row.
 *
 * It declares the column (`varchar(255)`, NOT NULL) and a unique index; with `seal` there is no column.
 * A key is made before the INSERT, so that one INSERT writes it, and is on the entity when `save()` or
 * `insert()` resolves. A key that the caller sets is kept. `save()` may change it.
 *
 * Keys are 1 to 255 letters, digits and `-`, `_`, `.`, `~`, and are compared exactly, upper and lower
 * case apart, on every database.
 *
 * Errors: {@link InvalidOptionError} when the class is decorated, or when the data source is
 * initialised, if an option is wrong, or the property is declared as what can't hold a text. On insert and update: {@link KeyTakenError} where another row
 * has the key, {@link InvalidKeyError} where it is none, and {@link TransactionRequiredError} where the
 * key needs a second statement (`history`, or a `derive` with `after: "insert"`) and no
 * transaction is open.
 *
 * ```ts
 * import { Column, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
 * import { PseudoKey } from "typeorm-autosequence"
 *
 * @Entity()
 * class Category {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @Column()
 *     name!: string
 *
 *     @PseudoKey({ prefix: "cat" })
 *     publicId!: string // cat_V1StGXR8_Z5jdHi6B-myT
 * }
 *
 * @Entity()
 * class Product {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @Column()
 *     name!: string
 *
 *     @ManyToOne(() => Category, { nullable: false })
 *     category!: Category
 *
 *     @PseudoKey({
 *         derive: (product: Product) => `${product.category.name}-${product.name}`,
 *         relations: ["category"],
 *         history: true,
 *     })
 *     slug!: string // tea-earl-grey
 * }
 * ```
 */
export function PseudoKey<Entity extends object, const Path extends string = never>(
    options: PseudoKeyOptions<Entity, Path> = {},
): <Class extends Entity>(
    prototype: Class & HasProperties<Class, Path>,
    propertyName: string | symbol,
) => void {
    return (prototype, property) => {
        const place = placeOf("@PseudoKey", prototype, property)
        const { target, propertyName } = place
        const key = splitKeyOptions(place.name, options)
        refuseOtherTypes(place, prototype, [String], "Declare it as string.")
        if ("sealed" in key) {
            sealedKeys.register({ target, propertyName, options: key.sealed })
            Index(sealedKeyIndex())(target)
            return
        }
        const declared = { target, propertyName, options: key.stored }
        storedKeys.register(declared)
        Column(key.column)(prototype, propertyName)
        Index(uniqueKeyIndex(declared), { unique: true })(target)
    }
}
