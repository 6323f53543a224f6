import { ApiProperty } from "@nestjs/swagger"
import { IsText } from "../text.js"

export class NewTenant {
    @ApiProperty({ example: "Tea Traders" })
    @IsText(100)
    name!: string
}

export class TenantView {
    @ApiProperty()
    name!: string

    @ApiProperty({ description: "For the header X-Api-Key. It is shown this once." })
    apiKey!: string
}
