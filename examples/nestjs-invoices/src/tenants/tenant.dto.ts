import { ApiProperty } from "@nestjs/swagger"
import { IsString, Length } from "class-validator"

export class NewTenant {
    @ApiProperty({ example: "Tea Traders" })
    @IsString()
    @Length(1, 100)
    name!: string
}

export class TenantView {
    @ApiProperty()
    name!: string

    @ApiProperty({ description: "For the header X-Api-Key. It is shown this once." })
    apiKey!: string
}
