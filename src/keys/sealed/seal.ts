import {
    createCipheriv,
    createDecipheriv,
    createHmac,
    hkdfSync,
    timingSafeEqual,
} from "node:crypto"
import type { Secret } from "../../declared/secrets"

/** @internal What a primary key is made of. */
export type SealedType = "integer" | "uuid"

/** @internal A primary key as drivers give it. */
export type SealedId = bigint | number | string

/** @internal Makes keys of primary keys, and reads them. */
export interface Seal {
    /** Whether a value can be such a primary key. */
    accepts(id: unknown): id is SealedId
    seal(id: SealedId): string
    /** Undefined for what was not made by one of the secrets, for this context. */
    open(key: string): bigint | string | undefined
}

// The key of an integer is one block of AES: 8 bytes that are the same for all, and 8 of the integer.
// Whoever doesn't have the secret can only guess, and 1 guess in 2^64 has these 8 bytes.
const MARK = 8
// A UUID fills the block by itself, so a code goes before it. A guess that has it is another random
// UUID, which no row has.
const CODE = 4
const BLOCK = 16

interface Secreted {
    /** One block whose content never repeats needs no mode of operation, and no random start. */
    encipher(block: Buffer): Buffer
    decipher(block: Buffer): Buffer
    readonly mark: Buffer
    readonly code: Buffer
}

/** @internal The first secret seals, and all of them open. */
export function sealOf(type: SealedType, secrets: readonly Secret[], context: string): Seal {
    const all = secrets.map((secret) => derive(secret, `${type} ${context}`))
    const [first] = all as [Secreted, ...Secreted[]]
    return type === "integer"
        ? {
              accepts: isInteger,
              seal: (id) => sealInteger(first, BigInt(id)),
              open: (key) => firstOf(all, (secret) => openInteger(secret, key)),
          }
        : {
              accepts: isUuid,
              seal: (id) => sealUuid(first, String(id)),
              open: (key) => firstOf(all, (secret) => openUuid(secret, key)),
          }
}

function isInteger(id: unknown): id is SealedId {
    if (typeof id === "number") return Number.isSafeInteger(id)
    if (typeof id !== "bigint" && !(typeof id === "string" && /^-?\d{1,19}$/.test(id))) return false
    // There is no room for more than 64 bits.
    return BigInt.asIntN(64, BigInt(id)) === BigInt(id)
}

function isUuid(id: unknown): id is string {
    return typeof id === "string" && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id)
}

function firstOf<T>(all: readonly Secreted[], open: (secret: Secreted) => T | undefined) {
    for (const secret of all) {
        const id = open(secret)
        if (id !== undefined) return id
    }
    return undefined
}

function derive(secret: Secret, context: string): Secreted {
    const of = (use: string, length: number) =>
        Buffer.from(
            hkdfSync("sha256", secret, "typeorm-autosequence.seal.1", `${use} ${context}`, length),
        )
    // Each block is for itself, so that one object does all, and making it takes most of the time.
    const key = of("block", 32)
    const cipher = createCipheriv("aes-256-ecb", key, null).setAutoPadding(false)
    const decipher = createDecipheriv("aes-256-ecb", key, null).setAutoPadding(false)
    return {
        encipher: (block) => cipher.update(whole(block)),
        decipher: (block) => decipher.update(whole(block)),
        mark: of("mark", MARK),
        code: of("code", 32),
    }
}

function sealInteger(secret: Secreted, id: bigint): string {
    const block = Buffer.alloc(BLOCK)
    secret.mark.copy(block)
    block.writeBigInt64BE(id, MARK)
    return secret.encipher(block).toString("base64url")
}

function openInteger(secret: Secreted, key: string): bigint | undefined {
    const sealed = bytesOf(key, BLOCK)
    if (!sealed) return undefined
    const block = secret.decipher(sealed)
    return timingSafeEqual(block.subarray(0, MARK), secret.mark)
        ? block.readBigInt64BE(MARK)
        : undefined
}

function sealUuid(secret: Secreted, id: string): string {
    const block = secret.encipher(Buffer.from(id.replaceAll("-", ""), "hex"))
    return Buffer.concat([codeOf(secret, block), block]).toString("base64url")
}

function openUuid(secret: Secreted, key: string): string | undefined {
    const sealed = bytesOf(key, CODE + BLOCK)
    if (!sealed) return undefined
    const block = sealed.subarray(CODE)
    if (!timingSafeEqual(sealed.subarray(0, CODE), codeOf(secret, block))) return undefined
    const hex = secret.decipher(block).toString("hex")
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
}

function codeOf({ code }: Secreted, block: Buffer): Buffer {
    return createHmac("sha256", code).update(block).digest().subarray(0, CODE)
}

/** A part of a block would be kept, and change all that comes after it. */
function whole(block: Buffer): Buffer {
    if (block.length !== BLOCK) throw new RangeError(`A key is made of ${BLOCK} bytes.`)
    return block
}

/** Undefined unless it is the one way to write these bytes. */
function bytesOf(key: string, length: number): Buffer | undefined {
    const bytes = Buffer.from(key, "base64url")
    return bytes.length === length && bytes.toString("base64url") === key ? bytes : undefined
}
