import { Injectable } from "@nestjs/common"
import { InjectRepository } from "@nestjs/typeorm"
import { createHash, randomBytes } from "node:crypto"
import { Repository } from "typeorm"
import { Tenant } from "./tenant.entity.js"

@Injectable()
export class TenantsService {
    constructor(@InjectRepository(Tenant) private readonly tenants: Repository<Tenant>) {}

    async signUp(name: string): Promise<{ name: string; apiKey: string }> {
        const apiKey = randomBytes(24).toString("base64url")
        await this.tenants.insert({ name, apiKeyHash: hash(apiKey) })
        return { name, apiKey }
    }

    findByApiKey(apiKey: string): Promise<Tenant | null> {
        return this.tenants.findOneBy({ apiKeyHash: hash(apiKey) })
    }
}

function hash(apiKey: string): string {
    return createHash("sha256").update(apiKey).digest("hex")
}
