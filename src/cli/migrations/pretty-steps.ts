import { createRequire } from "node:module"
import type { MigrationStep } from "../../schema/plan/steps"

/** The text of a trigger or a function is compared with the one that the database keeps. */
const IS_KEPT_AS_IT_IS = /^\s*CREATE\s+(OR\s+REPLACE\s+)?(CONSTRAINT\s+)?(TRIGGER|FUNCTION)\b/i
const QUOTED = /'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`/gs
const INDENT = "    "

/** @internal Steps whose statements stand on several lines, as `--pretty` of TypeORM's own command makes them. */
export function prettySteps<Step extends MigrationStep>(steps: readonly Step[]): Step[] {
    const { format } = formatter()
    return steps.map((step) => {
        const { sql } = step
        if (sql === undefined || IS_KEPT_AS_IT_IS.test(sql)) return step
        // A line that is indented within a text would be another text.
        if (sql.match(QUOTED)?.some((text) => text.includes("\n"))) return step
        const pretty = format(sql, { indent: INDENT })
        if (meaningOf(pretty) !== meaningOf(sql)) return step
        const lines = pretty.trim().split("\n")
        return {
            ...step,
            sql: `\n${lines.map((line) => INDENT.repeat(3) + line).join("\n")}\n${INDENT.repeat(2)}`,
        }
    })
}

/** What of a statement must not change: everything but the blanks between its words. */
function meaningOf(sql: string): string {
    const words = sql.split(QUOTED).map((part) => part.replace(/\s+/g, ""))
    return JSON.stringify([words, sql.match(QUOTED)])
}

interface Formatter {
    format(sql: string, options: { readonly indent: string }): string
}

/** The one of TypeORM itself. */
function formatter(): Formatter {
    const ofTypeORM = createRequire(require.resolve("typeorm"))
    return ofTypeORM("@sqltools/formatter/lib/sqlFormatter") as Formatter
}
