import type { DataSource } from "typeorm"
import { auditSeries } from "../../src"
import type { Violation } from "./violation"

/** What the audit of the library calls a problem. */
export async function auditAll(dataSource: DataSource): Promise<Violation[]> {
    const report = await auditSeries(dataSource)
    return report.series.flatMap(({ name, problems, scopes }) => [
        ...problems.map((text) => ({ text: `audit: ${name}: ${text}` })),
        ...scopes.flatMap(({ scope, findings }) =>
            findings
                .filter(({ severity }) => severity === "problem")
                .map(({ text }): Violation => ({
                    text: `audit: ${name} ${JSON.stringify(scope)}: ${text}`,
                    at: {
                        table: name.split(".")[0] ?? name,
                        scope: Object.values(scope).join("/"),
                    },
                })),
        ),
    ])
}
