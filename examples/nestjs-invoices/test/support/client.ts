/** What the API answers with, one thing or another. */
export interface Fields {
    readonly apiKey: string
    readonly key: string
    readonly status: string
    readonly number: string
    readonly sequence: number
    readonly reserved: boolean
    readonly customer: string
    readonly total: number
    readonly issuedAt: string
    readonly receiptNumber: number | null
}

export interface Answer {
    readonly status: number
    readonly location: string | null
    readonly body: Fields
}

/** Somebody who uses the API over HTTP. */
export class Client {
    constructor(
        readonly url: string,
        private readonly headers: Record<string, string> = {},
    ) {}

    /** A new tenant. */
    static async signUp(url: string): Promise<Client> {
        const { body } = await new Client(url).post("/tenants", { name: "Tea Traders" })
        return new Client(url, { "X-Api-Key": body.apiKey })
    }

    /** The same one, at another address. */
    at = (url: string) => new Client(url, this.headers)

    get = (path: string) => this.send("GET", path)
    post = (path: string, body?: unknown) => this.send("POST", path, body)
    put = (path: string, body: unknown) => this.send("PUT", path, body)
    patch = (path: string, body: unknown) => this.send("PATCH", path, body)
    delete = (path: string) => this.send("DELETE", path)

    /** The path of a new customer. */
    async customer(fields: { creditLimit?: number } = {}): Promise<string> {
        const { body } = await this.post("/customers", { name: "Ann", ...fields })
        return `/customers/${body.key}`
    }

    /** The numbers of a customer's invoices. */
    async numbers(customer: string): Promise<number[]> {
        const invoices = await this.list(`${customer}/invoices`)
        return invoices.map(({ sequence }) => sequence)
    }

    /** What a list has. */
    async list(path: string): Promise<Fields[]> {
        return (await this.follow(path)).body as unknown as Fields[]
    }

    /** What is at a path, or where it leads to. */
    follow = (path: string) => this.send("GET", path, undefined, "follow")

    private async send(
        method: string,
        path: string,
        body?: unknown,
        redirect: "manual" | "follow" = "manual",
    ): Promise<Answer> {
        const response = await fetch(new URL(path, this.url), {
            method,
            headers: { "Content-Type": "application/json", ...this.headers },
            body: JSON.stringify(body),
            redirect,
        })
        const text = await response.text()
        return {
            status: response.status,
            location: response.headers.get("location"),
            body: (text === "" ? {} : JSON.parse(text)) as Fields,
        }
    }
}

/** What an invoice over this many cents is made of. */
export function linesOver(cents: number, description = "Earl Grey, 250 g") {
    return { lines: [{ description, quantity: 1, unitPrice: cents }] }
}

export function upTo(count: number): number[] {
    return Array.from({ length: count }, (_, at) => at + 1)
}
