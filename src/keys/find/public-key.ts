import { hasHead, headOf, isKey } from "../../declared/keys/key-form"

declare const PREFIX: unique symbol

/**
 * The type of a pseudo key with a prefix. Use it if you want the compiler to distinguish the keys
 * of different entities. Otherwise it is a normal string.
 *
 * ```ts
 * import { Entity, PrimaryGeneratedColumn } from "typeorm"
 * import { PseudoKey, type PublicKey } from "typeorm-autosequence"
 *
 * @Entity()
 * class Invoice {
 *     @PrimaryGeneratedColumn()
 *     id!: number
 *
 *     @PseudoKey({ prefix: "inv" })
 *     publicId!: PublicKey<"inv">
 * }
 *
 * function linkTo(key: PublicKey<"inv">): string {
 *     return `/invoices/${key}`
 * }
 * ```
 */
export type PublicKey<Prefix extends string> = `${Prefix}_${string}` & {
    readonly [PREFIX]: Prefix
}

/**
 * Whether a value has the form of a pseudo key with this prefix. It doesn't check whether such a
 * row exists.
 *
 * ```ts
 * import { isPublicKey, type PublicKey } from "typeorm-autosequence"
 *
 * declare function show(key: PublicKey<"inv">): void
 *
 * export function handle(parameter: unknown): void {
 *     if (isPublicKey("inv", parameter)) show(parameter)
 * }
 * ```
 */
export function isPublicKey<Prefix extends string>(
    prefix: Prefix,
    value: unknown,
): value is PublicKey<Prefix> {
    return isKey(value) && hasHead(value, headOf(prefix))
}
