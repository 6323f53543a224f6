import { type ArgumentsHost, Catch, HttpException, HttpStatus } from "@nestjs/common"
import { BaseExceptionFilter } from "@nestjs/core"
import { AutoSequenceError } from "../errors"

/** Errors that a client can do something about. All others stay 500. */
const ANSWERS: Readonly<Partial<Record<string, readonly [HttpStatus, string]>>> = {
    KEY_TAKEN: [HttpStatus.CONFLICT, "The key is taken."],
    NUMBER_TAKEN: [HttpStatus.CONFLICT, "The number is taken."],
    ALREADY_NUMBERED: [HttpStatus.CONFLICT, "It already has a number."],
    READ_ONLY_NUMBER: [HttpStatus.CONFLICT, "A number can't be changed."],
    ALREADY_VOIDED: [HttpStatus.CONFLICT, "It is void already."],
    PERIOD_CLOSED: [HttpStatus.CONFLICT, "It is closed: no more numbers are given there."],
    SETTING_IN_USE: [
        HttpStatus.CONFLICT,
        "There are numbers already, so it can't be set any more.",
    ],
    IMPORT_CONFLICT: [HttpStatus.CONFLICT, "Some rows can't be imported."],
    DRAFT: [HttpStatus.CONFLICT, "It is still a draft."],
    DATE_ORDER: [HttpStatus.CONFLICT, "The date is before that of the last number."],
    NOT_DELETABLE: [HttpStatus.CONFLICT, "It has a number, so it can't be deleted."],
    INVALID_KEY: [HttpStatus.BAD_REQUEST, "The key is not valid."],
    INVALID_NUMBER: [HttpStatus.BAD_REQUEST, "The number is not valid."],
    INVALID_PERIOD: [HttpStatus.BAD_REQUEST, "The date or the period is not valid."],
    KEY_NOT_FOUND: [HttpStatus.NOT_FOUND, "Not Found"],
    ROW_NOT_FOUND: [HttpStatus.NOT_FOUND, "Not Found"],
    STALE_SNAPSHOT: [HttpStatus.SERVICE_UNAVAILABLE, "Somebody else was faster. Try again."],
    COUNTER_LOCKED: [HttpStatus.SERVICE_UNAVAILABLE, "Somebody else is using it. Try again."],
}

/**
 * Turns errors of this library into responses: 409 if a key or number is taken, a row is already
 * numbered or void, its period is closed, or rows can't be imported, 400 for invalid values, 404 if
 * something doesn't exist, 503 if the request can be repeated. The response has the `code` of the
 * error but not its message, which names entities.
 * Programming errors, such as a wrong option, stay 500.
 *
 * In GraphQL and messages, the filter returns the same exceptions.
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
