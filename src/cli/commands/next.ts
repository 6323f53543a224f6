import { asMissingRight, readable } from "../../audit/snapshot"
import { AutoSequenceError, UnknownScopeError } from "../../errors"
import { seriesOf } from "../../sequence/series/series-of"
import { asUsage, UsageError } from "../arguments"
import { type Command, textsOf } from "../frame/command"

const PROPERTY = /^([^.]+)\.(.+)$/

/** @internal */
export const next: Command = {
    name: "next",
    synopsis: "<Entity.property> [options]",
    help: `Shows the next number of a scope without reserving it: the next insert gets it.

  <Entity.property>           the numbered property

      --scope <name=value>    a property of the scope and its value; a period by its name (period=2026)
                              or a date in it; <name> alone is NULL; may be repeated`,
    options: { scope: { type: "string", multiple: true } },
    positionals: [1, 1],
    check(_, [column = ""]) {
        if (!PROPERTY.test(column))
            throw new UsageError(
                `"${column}" is not a numbered property. Give <Entity>.<property>.`,
            )
    },
    async run({ dataSource, values, positionals: [column = ""], print }) {
        const [, entity = "", property = ""] = PROPERTY.exec(column) ?? []
        const scope = Object.fromEntries(
            textsOf(values, "scope").map((text) => {
                const at = text.indexOf("=")
                return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)]
            }),
        )
        try {
            const preview = await asUsage(() =>
                seriesOf(dataSource, entity, property as never).preview(scope),
            )
            print.json({ format: 1, ...preview, number: String(preview.number) })
            print.line(preview.text)
            return 0
        } catch (error) {
            if (error instanceof UnknownScopeError) throw new UsageError(error.message)
            if (!(error instanceof AutoSequenceError))
                throw asMissingRight(readable(dataSource), error)
            print.note(error.message)
            return 1
        }
    },
}
