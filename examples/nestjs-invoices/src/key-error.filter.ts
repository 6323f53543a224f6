import { type ArgumentsHost, BadRequestException, Catch, ConflictException } from "@nestjs/common"
import { BaseExceptionFilter } from "@nestjs/core"
import { InvalidKeyError, KeyTakenError } from "typeorm-autosequence"

/** What is wrong with a key that the client has chosen. */
@Catch(InvalidKeyError, KeyTakenError)
export class KeyErrorFilter extends BaseExceptionFilter {
    override catch(error: InvalidKeyError | KeyTakenError, host: ArgumentsHost): void {
        const answer =
            error instanceof KeyTakenError
                ? new ConflictException("The key is taken.")
                : new BadRequestException(error.message)
        super.catch(answer, host)
    }
}
