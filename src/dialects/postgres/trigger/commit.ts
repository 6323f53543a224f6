import { columnName, ofRow, tableName } from "../../../typeorm/names"
import type { TriggeredColumn } from "../../statements/trigger-statements"
import { raise } from "./syntax"
import { isOfKinds, orRenamed } from "./rows"

/** @internal Whether rows are numbered that have waited for it. Whoever sets it has them numbered earlier. */
export function isCommitting({ pending }: TriggeredColumn): string {
    return `COALESCE(current_setting('autosequence.commits_${pending}', true), '') = 'on'`
}

/**
 * Moves a counter. At COMMIT each row has a statement of its own, so none is left to settle for all of them. To find
 * the counter by its key, each would walk past the versions of those before; where the last one is, a setting says.
 * @internal
 */
export function moveAlong(
    { counter: c }: TriggeredColumn,
    move: string,
    isOfScope: string,
): string {
    const at = "'autosequence.at' || (hashtext(v_scope) & 127)"
    const returned = `RETURNING c.${c.last}, c.ctid INTO v_last, v_at`
    return `v_at := NULLIF(current_setting(${at}, true), '')::tid;
        ${move} WHERE c.ctid = v_at AND ${isOfScope} ${returned};
        IF NOT FOUND THEN
            ${move} WHERE ${isOfScope} ${returned};
        END IF;
        v_set := set_config(${at}, COALESCE(v_at::text, ''), true);`
}

/**
 * Runs for each row as it was when a statement wrote it, so it looks for what has become of it. The UPDATE sets
 * nothing: the trigger that runs before it gives the number. A row that it has left without one would wait again,
 * and COMMIT would never end.
 * @internal
 */
export function numberAtCommit(column: TriggeredColumn): string {
    const { series, schema, pending, condition, kinds } = column
    const number = columnName(series.column)
    const update = (table: string, row: string) =>
        `UPDATE ${table} t SET ${number} = NULL WHERE ` +
        [
            ...series.metadata.primaryColumns.map(
                (one) => `${ofRow(one)} = ${row}.${columnName(one)}`,
            ),
            `t.${number} IS NULL`,
            ...(condition ? [condition("t")] : []),
            ...(kinds ? [isOfKinds(kinds, "t")] : []),
        ].join(" AND ") +
        ` RETURNING t.${number} IS NULL`
    const commits = (value: string) =>
        `v_set := set_config('autosequence.commits_${pending}', '${value}', true);`
    const into = " INTO v_is_left"
    const here = `${update(tableName(series.metadata, schema), "NEW")}${into};`
    const there = update("\0", "($1)").replaceAll("%", "%%").replace("\0", "%1$s")
    return `
DECLARE
    v_set text;
    v_is_left boolean;
BEGIN
    IF NEW.${number} IS NULL THEN
        ${commits("on")}
        ${orRenamed(column, { here, there, into })}
        ${commits("")}
        IF v_is_left THEN
            ${raise(series, "leftAtCommit")};
        END IF;
    END IF;
    RETURN NULL;
END
`
}
