import { randomInt, randomUUID } from "node:crypto"
import { customAlphabet, urlAlphabet } from "nanoid"
import { ulid } from "ulid"
import { v7 } from "uuid"
import type { StoredKeyOptions } from "../../declared/keys/key-options"

/** The size of a nanoid by default. */
const LENGTH = 21
const UUID_LENGTH = 36
/** Among 10^9 keys with so many random bits, two are the same with a probability of 10^-6. */
const ENOUGH_BITS = 80

/** @internal Makes keys of a format. */
export interface Generator {
    readonly generate: () => string
    /** Whether there are so many possible keys that no two are ever the same. */
    readonly isUnique: boolean
    /** What a database needs to know to make the same. */
    readonly format?: { readonly name: "nanoid" | "uuid"; readonly length: number }
}

/** @internal */
export function generatorOf({ format, length, alphabet, derive }: StoredKeyOptions): Generator {
    switch (format) {
        case "nanoid": {
            const characters = alphabet ?? urlAlphabet
            // That of a derived key is its bound.
            const size = derive ? Math.min(length ?? LENGTH, LENGTH) : (length ?? LENGTH)
            return {
                generate: customAlphabet(characters, size),
                isUnique: size * Math.log2(characters.length) >= ENOUGH_BITS,
                format: alphabet === undefined ? { name: format, length: size } : undefined,
            }
        }
        case "uuid":
            return {
                generate: () => randomUUID(),
                isUnique: true,
                format: { name: format, length: UUID_LENGTH },
            }
        case "uuidv7":
            return { generate: () => v7(), isUnique: true }
        case "typeid":
            return { generate: () => typeId(v7(undefined, new Uint8Array(16))), isUnique: true }
        case "ulid":
            return { generate: () => ulid(undefined, random), isUnique: true }
    }
}

const BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"

/** A UUID as TypeID writes it: 26 digits of 5 bits, of which the first has but 3. */
function typeId(uuid: Uint8Array): string {
    let value = BigInt(`0x${Buffer.from(uuid).toString("hex")}`)
    let text = ""
    for (let at = 0; at < 26; at++, value >>= 5n) text = (BASE32[Number(value & 31n)] ?? "") + text
    return text
}

/** Node's own, which keeps random bytes in store; the default of the library fetches each byte. */
function random(): number {
    return randomInt(2 ** 32) / 2 ** 32
}
