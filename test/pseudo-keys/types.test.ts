import { expect } from "chai"
import type { DataSource, Repository } from "typeorm"
import { EntitySchema } from "typeorm"
import {
    findByPseudoKey,
    isPublicKey,
    PseudoKey,
    type PseudoKeyOptions,
    type PublicKey,
    withPseudoKeys,
} from "../../src"

const secret = "of forty bytes, and no random ones, sure"

class Address {
    country!: string
}

class Category {
    name!: string
}

// What compiles, and by an expected error what does not: `npm run typecheck` tests it.
class Product {
    id!: number
    name!: string
    address!: Address
    category!: Category

    @PseudoKey() plain!: string
    @PseudoKey({ prefix: "prd", generate: "ulid", nullable: true }) optional!: string | null
    @PseudoKey({ prefix: "prd" }) branded!: PublicKey<"prd">
    @PseudoKey({ uniqueWith: "category" }) scoped!: string
    @PseudoKey({ uniqueWith: ["category", "address.country"] }) nested!: string
    @PseudoKey({ derive: (p: Product) => `${p.category.name}-${p.name}`, history: true })
    slug!: string
    @PseudoKey({ derive: (p: Product) => p.name, uniqueWith: "category" }) both!: string
    @PseudoKey({ derive: () => "same" }) constant!: string
    @PseudoKey({ derive: ({ name }: { name: string }) => name }) partly!: string
    @PseudoKey({ generate: (_row, attempt) => `k${attempt}` }) generated!: string
    @PseudoKey({ generate: (p: Product, attempt: number) => `${p.id}-${attempt}` }) ofRow!: string
    @PseudoKey({ prefix: "sea", seal: { column: "id", secret } }) sealed!: string
    @PseudoKey({ seal: { column: "id", secret: () => [secret, new Uint8Array(32)] } })
    rotated!: string
}

class Other {
    title!: string
}

interface Ticket {
    id: number
    title: string
    publicId: string
    address: Address
}

const schema = () =>
    new EntitySchema<Ticket>({
        name: "ticket",
        columns: { id: { type: "int", primary: true }, title: { type: String } },
    })

describe("The types of pseudo keys", () => {
    // Never called: they are there to be compiled.
    const compiled = {
        decorators() {
            class Wrong {
                id!: number
                name!: string
                address!: Address
                category!: Category

                // @ts-expect-error There is no such property.
                @PseudoKey({ uniqueWith: "categories" }) wrongScope!: string
                // @ts-expect-error There is no such property.
                @PseudoKey({ uniqueWith: ["category", "size"] }) wrongScopes!: string
                // @ts-expect-error The embedded entity has no such property.
                @PseudoKey({ uniqueWith: "address.planet" }) wrongPath!: string
                // @ts-expect-error There is no such property.
                @PseudoKey({ seal: { column: "uuid", secret } }) wrongColumn!: string
                // @ts-expect-error There is no such property.
                @PseudoKey({ derive: (w: Wrong) => w.title }) wrongProperty!: string
                // @ts-expect-error What the row is has to be said.
                @PseudoKey({ derive: (p) => p.name }) withoutType!: string
                // @ts-expect-error It is for rows of another class.
                @PseudoKey({ derive: (c: Other) => c.title }) ofAnother!: string
                // @ts-expect-error It is for rows of another class.
                @PseudoKey({ derive: (c: Other) => c.title, uniqueWith: "category" })
                ofAnotherScoped!: string
                // @ts-expect-error It is for rows of another class.
                @PseudoKey({ generate: (c: Other) => c.title }) generatedOfAnother!: string
                // @ts-expect-error It has to give a text.
                @PseudoKey({ derive: (w: Wrong) => w.id }) notText!: string
                // @ts-expect-error There is no such format.
                @PseudoKey({ generate: "cuid" as const }) wrongFormat!: string
                // @ts-expect-error There is no such option.
                @PseudoKey({ prefx: "prd" }) wrongOption!: string
                // @ts-expect-error There is no such history.
                @PseudoKey({ history: "always" as const }) wrongHistory!: string
                // @ts-expect-error A secret is missing.
                @PseudoKey({ seal: { column: "id" } }) withoutSecret!: string
            }
            return Wrong
        },

        schemas() {
            withPseudoKeys(schema(), { publicId: { prefix: "tck", uniqueWith: "title" } })
            withPseudoKeys(schema(), { publicId: { uniqueWith: ["title", "address.country"] } })
            withPseudoKeys(schema(), { publicId: { derive: (t) => t.title } })
            withPseudoKeys(schema(), { publicId: { seal: { column: "id", secret } } })
            // @ts-expect-error There is no such property.
            withPseudoKeys(schema(), { publicID: { prefix: "tck" } })
            // @ts-expect-error There is no such property.
            withPseudoKeys(schema(), { publicId: { uniqueWith: "name" } })
            // @ts-expect-error There is no such property.
            withPseudoKeys(schema(), { publicId: { derive: (t) => t.name } })
            // @ts-expect-error There is no such property.
            withPseudoKeys(schema(), { publicId: { seal: { column: "uuid", secret } } })
        },

        publicKeys(plain: string, invoice: PublicKey<"inv">, unknown: unknown) {
            const takesInvoice = (key: PublicKey<"inv">) => key
            const takesCustomer = (key: PublicKey<"cus">) => key
            const takesText = (key: string) => key
            takesInvoice(invoice)
            takesText(invoice)
            takesText(invoice.slice(1))
            // @ts-expect-error It may be any text.
            takesInvoice(plain)
            // @ts-expect-error It has the form, but nobody has looked at it.
            takesInvoice("inv_1")
            // @ts-expect-error It is another entity's.
            takesCustomer(invoice)
            if (isPublicKey("inv", unknown)) takesInvoice(unknown)
            if (isPublicKey("inv", plain)) takesInvoice(plain)
            // @ts-expect-error It may still be any text.
            else takesInvoice(plain)
            // @ts-expect-error It is another entity's.
            if (isPublicKey("inv", plain)) takesCustomer(plain)
        },

        async lookUps(dataSource: DataSource, products: Repository<Product>) {
            const product: Product | null = await findByPseudoKey(products, "a", {
                where: { category: { name: "tea" } },
                property: "slug",
                relations: { category: true },
            })
            const other: Other | null = await findByPseudoKey(dataSource.manager, Other, "a")
            // @ts-expect-error There is no such property.
            await findByPseudoKey(products, "a", { property: "slag" })
            // @ts-expect-error There is no such property.
            await findByPseudoKey(products, "a", { where: { title: "tea" } })
            // @ts-expect-error There is no such option.
            await findByPseudoKey(products, "a", { relation: {} })
            // @ts-expect-error A key is a text.
            await findByPseudoKey(products, 1)
            // @ts-expect-error It may be null.
            const found: Product = await findByPseudoKey(products, "a")
            return [product, other, found]
        },

        options() {
            const options: PseudoKeyOptions<Product, "category"> = {
                derive: ({ name }) => name,
                uniqueWith: "category",
            }
            // @ts-expect-error There is no such property.
            const wrong: PseudoKeyOptions<Product> = { derive: ({ title }) => title as string }
            return [options, wrong]
        },
    }

    it("are compiled", () => expect(Object.keys(compiled)).to.have.length(5))
})

describe("isPublicKey", () => {
    it("tells keys with the prefix from all other values", () => {
        for (const key of ["inv_a", "inv_1", "inv_-_.~", "inv__", `inv_${"a".repeat(251)}`])
            expect(isPublicKey("inv", key), key).to.equal(true)
        for (const key of [
            "",
            "inv",
            "inv_",
            "INV_a",
            "Inv_a",
            "inv-a",
            "invo_a",
            "xinv_a",
            "cus_a",
            "a",
            " inv_a",
            "inv_a ",
            "inv_a\n",
            "inv_a\0",
            "inv_ä",
            "inv_a/b",
            "inv_%",
            `inv_${"a".repeat(252)}`,
            `inv_${"a".repeat(10_000)}`,
            undefined,
            null,
            1,
            {},
            ["inv_a"],
            { toString: () => "inv_a" },
        ])
            expect(isPublicKey("inv", key), String(key)).to.equal(false)
        expect(isPublicKey("inv_draft", "inv_draft_a")).to.equal(true)
        expect(isPublicKey("inv_draft", "inv_a")).to.equal(false)
    })
})
