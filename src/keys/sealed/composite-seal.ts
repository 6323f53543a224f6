import {
    createCipheriv,
    createDecipheriv,
    createHmac,
    hkdfSync,
    timingSafeEqual,
} from "node:crypto"
import type { Secret } from "../../declared/secrets"
import { type Seal, type SealedId, sealOf, type SealedType } from "./seal"

/** @internal Makes keys of all columns of a primary key, and reads them. */
export interface KeySeal {
    /** Whether values can be such a primary key. */
    accepts(ids: readonly unknown[]): ids is SealedId[]
    seal(ids: readonly SealedId[]): string
    /** Undefined for what was not made by one of the secrets, for this context. */
    open(key: string): (bigint | string)[] | undefined
}

// More than a block takes a mode of operation. The code of the content is its start, so that the same
// content has the same key (SIV), and whoever lacks the secret has 1 guess in 2^128.
const CODE = 16
const SIZES: Readonly<Record<SealedType, number>> = { integer: 8, uuid: 16 }

/** @internal The first secret seals, and all of them open. */
export function keySealOf(
    types: readonly SealedType[],
    secrets: readonly Secret[],
    context: string,
): KeySeal {
    const [type, ...others] = types as [SealedType, ...SealedType[]]
    return others.length === 0
        ? single(sealOf(type, secrets, context))
        : composite(types, secrets, context)
}

function single(seal: Seal): KeySeal {
    return {
        accepts: (ids): ids is SealedId[] => seal.accepts(ids[0]),
        seal: ([id]) => seal.seal(id as SealedId),
        open(key) {
            const id = seal.open(key)
            return id === undefined ? undefined : [id]
        },
    }
}

interface Secreted {
    readonly cipher: Buffer
    readonly code: Buffer
}

function composite(
    types: readonly SealedType[],
    secrets: readonly Secret[],
    context: string,
): KeySeal {
    const all = secrets.map((secret) => derive(secret, `${types.join(" ")} ${context}`))
    // What a value may be, and how it is read, is as for a primary key of one column.
    const forms = types.map((type) => sealOf(type, ["."], ""))
    return {
        accepts: (ids): ids is SealedId[] => forms.every((form, at) => form.accepts(ids[at])),
        seal: (ids) => encipher(all[0] as Secreted, bytesOf(types, ids)),
        open(key) {
            const bytes = Buffer.from(key, "base64url")
            const size = types.reduce((sum, type) => sum + SIZES[type], CODE)
            if (bytes.length !== size || bytes.toString("base64url") !== key) return undefined
            for (const secret of all) {
                const content = decipher(secret, bytes)
                if (content) return idsIn(types, content)
            }
            return undefined
        },
    }
}

function derive(secret: Secret, context: string): Secreted {
    const of = (use: string) =>
        Buffer.from(
            hkdfSync("sha256", secret, "typeorm-autosequence.seal.1", `${use} ${context}`, 32),
        )
    return { cipher: of("stream"), code: of("code") }
}

function encipher(secret: Secreted, content: Buffer): string {
    const code = codeOf(secret, content)
    const cipher = createCipheriv("aes-256-ctr", secret.cipher, code)
    return Buffer.concat([code, cipher.update(content)]).toString("base64url")
}

function decipher(secret: Secreted, bytes: Buffer): Buffer | undefined {
    const code = bytes.subarray(0, CODE)
    const content = createDecipheriv("aes-256-ctr", secret.cipher, code).update(
        bytes.subarray(CODE),
    )
    return timingSafeEqual(code, codeOf(secret, content)) ? content : undefined
}

function codeOf({ code }: Secreted, content: Buffer): Buffer {
    return createHmac("sha256", code).update(content).digest().subarray(0, CODE)
}

function bytesOf(types: readonly SealedType[], ids: readonly SealedId[]): Buffer {
    return Buffer.concat(
        types.map((type, at) => {
            if (type === "uuid") return Buffer.from(String(ids[at]).replaceAll("-", ""), "hex")
            const bytes = Buffer.alloc(SIZES.integer)
            bytes.writeBigInt64BE(BigInt(ids[at] as SealedId))
            return bytes
        }),
    )
}

function idsIn(types: readonly SealedType[], content: Buffer): (bigint | string)[] {
    let start = 0
    return types.map((type) => {
        const part = content.subarray(start, (start += SIZES[type]))
        if (type === "integer") return part.readBigInt64BE()
        return part.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
    })
}
