import { type ArgumentsHost, Catch, HttpException, HttpStatus } from "@nestjs/common"
import { BaseExceptionFilter } from "@nestjs/core"
import { AutoSequenceError } from "../errors"

/** What a client can do something about; all else stays an error of the server. */
const ANSWERS: Readonly<Partial<Record<string, readonly [HttpStatus, string]>>> = {
    KEY_TAKEN: [HttpStatus.CONFLICT, "The key is taken."],
    NUMBER_TAKEN: [HttpStatus.CONFLICT, "The number is taken."],
    ALREADY_NUMBERED: [HttpStatus.CONFLICT, "It has a number already."],
    READ_ONLY_NUMBER: [HttpStatus.CONFLICT, "A number can't be changed."],
    DRAFT: [HttpStatus.CONFLICT, "It is a draft still."],
    DATE_ORDER: [HttpStatus.CONFLICT, "The date lies before that of the last number."],
    NOT_DELETABLE: [HttpStatus.CONFLICT, "What has a number can't be deleted."],
    INVALID_KEY: [HttpStatus.BAD_REQUEST, "The key is not valid."],
    INVALID_NUMBER: [HttpStatus.BAD_REQUEST, "The number is not valid."],
    INVALID_PERIOD: [HttpStatus.BAD_REQUEST, "The date or the period is not valid."],
    KEY_NOT_FOUND: [HttpStatus.NOT_FOUND, "Not Found"],
    ROW_NOT_FOUND: [HttpStatus.NOT_FOUND, "Not Found"],
    STALE_SNAPSHOT: [HttpStatus.SERVICE_UNAVAILABLE, "Somebody else was faster. Try again."],
    COUNTER_LOCKED: [HttpStatus.SERVICE_UNAVAILABLE, "Somebody else is at it. Try again."],
}

/**
 * Answers requests by the errors of this library: 409 where a key or a number is taken or a row is numbered already,
 * 400 for what can be none, 404 for what is not there, 503 where the request may be repeated. The answer has the `code` of the
 * error, and not its text, which names entities. Errors of the application's own making, as a wrong option, stay 500.
 *
 * In GraphQL and messages the same exceptions are what the handler is left with.
 *
 * ```ts
 * import { Module } from "@nestjs/common"
 * import { APP_FILTER } from "@nestjs/core"
 * import { AutoSequenceExceptionFilter } from "typeorm-autosequence/nestjs"
 *
 * @Module({ providers: [{ provide: APP_FILTER, useClass: AutoSequenceExceptionFilter }] })
 * export class AppModule {}
 * ```
 */
@Catch(AutoSequenceError)
export class AutoSequenceExceptionFilter extends BaseExceptionFilter<AutoSequenceError> {
    override catch(error: AutoSequenceError, host: ArgumentsHost): unknown {
        const [status, message] = ANSWERS[error.code] ?? []
        const answer =
            status === undefined
                ? error
                : new HttpException({ statusCode: status, code: error.code, message }, status, {
                      cause: error,
                  })
        if (host.getType() !== "http") return answer
        super.catch(answer as AutoSequenceError, host)
        return undefined
    }
}
