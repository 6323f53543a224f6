import { driverErrorOf } from "../../dialects/driver-error"
import type { Assigner } from "../assigner"
import type { Insert } from "../insert"

/** @internal Whether an INSERT that was refused has other values now, and is to be sent again. */
export async function assignOthers(
    assigners: readonly Assigner[],
    insert: Insert,
    statement: ReturnType<Insert["write"]>,
    error: unknown,
): Promise<boolean> {
    const cause = driverErrorOf(error)
    if (!cause) return false
    for (const assigner of assigners)
        if (await assigner.assignOthers?.({ ...statement, cause, insert })) return true
    return false
}
