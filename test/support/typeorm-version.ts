import Module from "node:module"

// TYPEORM=0.3 runs everything on the version installed as "typeorm-0.3", this library included.
const version = process.env.TYPEORM ?? "1"
if (version !== "1" && version !== "0.3")
    throw new Error(`TYPEORM is "${version}", the tests know 1 and 0.3.`)

if (version === "0.3") {
    const loader = Module as unknown as {
        _resolveFilename: (request: string, ...rest: unknown[]) => string
    }
    const resolve = loader._resolveFilename
    loader._resolveFilename = (request, ...rest) =>
        resolve(request.replace(/^typeorm(?=$|\/)/, "typeorm-0.3"), ...rest)
}

export const isTypeORM1 = version === "1"
