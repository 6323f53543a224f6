import { expect } from "chai"
import { QueryFailedError } from "typeorm"

/** The SQLSTATE with which the database refused; fails where it didn't. */
export async function sqlState(work: Promise<unknown>): Promise<string> {
    const error = await rejection(work)
    expect(error).to.be.instanceOf(QueryFailedError)
    return (error as QueryFailedError<Error & { code: string }>).driverError.code
}

/** What a promise is rejected with; fails where it isn't. */
export async function rejection(work: Promise<unknown>): Promise<Error> {
    const [result] = await Promise.allSettled([work])
    if (result.status === "fulfilled") throw new Error("It was expected to be rejected.")
    return result.reason as Error
}
