import type { ObjectLiteral } from "typeorm"
import { hasHead } from "../../declared/keys/key-form"
import type { ColumnMetadata } from "../../typeorm/names"
import type { SealedKey } from "../pseudo-key"

/** @internal The key of a row; undefined where its primary key is not there. */
export function sealedKeyOf(key: SealedKey, row: ObjectLiteral): string | undefined {
    return sealedKeyFor(
        key,
        key.columns.map((column) => column.getEntityValue(row) as unknown),
    )
}

/** @internal The key of a row with this primary key; undefined for what can be none. */
export function sealedKeyFor(
    { head, seals: [own] }: SealedKey,
    ids: readonly unknown[],
): string | undefined {
    const seal = own?.seal
    return seal?.accepts(ids) ? head + seal.seal(ids) : undefined
}

/** @internal The primary key that a key was made of, as the entity has it; undefined for what is no key. */
export function openSealedKey(
    { columns, seals }: SealedKey,
    text: string,
): (string | number)[] | undefined {
    for (const { head, seal } of seals) {
        if (!hasHead(text, head)) continue
        const ids = seal.open(text.slice(head.length))
        if (ids) return ids.map((id, at) => valueOf(columns[at] as ColumnMetadata, id))
    }
    return undefined
}

/** As TypeORM has the values of these columns. */
function valueOf({ type }: ColumnMetadata, id: bigint | string): string | number {
    return typeof id === "bigint" && type !== "bigint" && type !== "int8" ? Number(id) : String(id)
}
