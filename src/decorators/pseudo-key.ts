import { Column, Index } from "typeorm"
import type { PseudoKeyOptions } from "../declared/keys/key-options"
import { splitKeyOptions } from "../declared/keys/split-key-options"
import type { PropertyPath } from "../keys/property-path"
import { sealedKeys, storedKeys } from "../declared/registry"
import { sealedKeyIndex, uniqueKeyIndex } from "./indexes/key-index"
import { placeOf, refuseOtherTypes } from "./place"

/** For {@link PseudoKey}: an entity that has all properties named in the options. */
export type HasProperties<Entity, Path extends string> = [Path] extends [PropertyPath<Entity>]
    ? unknown
    : { "the entity has no such property": Exclude<Path, PropertyPath<Entity>> }

/**
 * A public identifier next to the primary key. It doesn't reveal how many rows there are, has the
 * format that you choose, and never finds another row.
 *
 * It declares the column (`varchar(255)`, NOT NULL) and a unique index; with `seal` there is no
 * column. Keys are generated before the INSERT, so that the INSERT itself writes them, and are on
 * the entity when `save()` or `insert()` resolves. A key that you set yourself is kept. `save()`
 * may change it.
 *
 * Keys are 1 to 255 letters, digits and `-`, `_`, `.`, `~`. They are compared exactly and are
 * case-sensitive on every database.
 *
 * Errors: {@link InvalidOptionError}, when the class is decorated or the data source is
 * initialized, if an option is wrong or the property's declared type can't hold a string. On insert
 * and update: {@link KeyTakenError} if another row has the key, {@link InvalidKeyError} if it is
 * malformed, and {@link TransactionRequiredError} if the key needs a second statement (`history`,
 * or a `derive` with `after: "insert"`) and no transaction is open.
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
