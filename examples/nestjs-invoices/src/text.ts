import { applyDecorators } from "@nestjs/common"
import { IsString, Length, Matches } from "class-validator"

/**
 * A text that can be stored. PostgreSQL has no place for NUL, and in JSON none for half of a surrogate
 * pair: its error would be answered by 500.
 */
export function IsText(longest: number): PropertyDecorator {
    return applyDecorators(
        IsString(),
        Length(1, longest),
        Matches(/^[^\0\p{Surrogate}]*$/u, {
            message: "$property has a character that can't be stored",
        }),
    )
}
