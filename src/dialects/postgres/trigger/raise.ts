import type { CountedColumn } from "../../columns"
import { RAISED, raisedTexts } from "../../statements/raised"
import { literal } from "../literal"

/** @internal How a trigger refuses what a statement does. */
export function raise(series: CountedColumn, kind: keyof typeof RAISED): string {
    return `RAISE EXCEPTION USING ERRCODE = '${RAISED[kind]}', MESSAGE = ${literal(raisedTexts(series)[kind])}`
}
