/** A secret of {@link SealOptions}: a string or bytes. */
export type Secret = string | Uint8Array

/** @internal Reads them; the first one makes keys. */
export type Secrets = () => readonly Secret[]

const MIN_BYTES = 32

/** @internal Says what is wrong with secrets, and nothing of what is in them. */
export function weaknessOf(secrets: readonly unknown[]): string | undefined {
    if (secrets.length === 0) return "seal.secret is an empty list, give at least one secret."
    for (const secret of secrets) {
        if (typeof secret !== "string" && !(secret instanceof Uint8Array))
            return `seal.secret is of type ${typeof secret}, give a string or bytes.`
        const bytes = Buffer.byteLength(secret)
        if (bytes < MIN_BYTES)
            return (
                `seal.secret has ${bytes} bytes, give at least ${MIN_BYTES} from a random source, such as: node -p ` +
                `"crypto.randomBytes(32).toString('base64')".`
            )
    }
    return undefined
}
