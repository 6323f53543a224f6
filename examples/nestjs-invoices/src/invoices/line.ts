import { ApiProperty } from "@nestjs/swagger"
import { Type } from "class-transformer"
import {
    ArrayMaxSize,
    ArrayMinSize,
    IsArray,
    IsInt,
    Max,
    Min,
    ValidateNested,
} from "class-validator"
import { IsText } from "../text.js"

/** What is sold. The limits keep a total within what a column of type `int` can hold. */
export class Line {
    @ApiProperty({ example: "Earl Grey, 250 g" })
    @IsText(200)
    description!: string

    @ApiProperty({ example: 2 })
    @IsInt()
    @Min(1)
    @Max(1000)
    quantity!: number

    @ApiProperty({ example: 1250, description: "In cents" })
    @IsInt()
    @Min(0)
    @Max(100_000)
    unitPrice!: number
}

export class Lines {
    @ApiProperty({ type: [Line] })
    @IsArray()
    @ArrayMinSize(1)
    @ArrayMaxSize(20)
    @ValidateNested({ each: true })
    @Type(() => Line)
    lines!: Line[]
}

export function totalOf(lines: readonly Line[]): number {
    return lines.reduce((total, { quantity, unitPrice }) => total + quantity * unitPrice, 0)
}
