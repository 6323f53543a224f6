import { InvalidOptionError } from "../../errors"
import type { MigrationStatement } from "../plan/steps"

/** The language of a migration's file: TypeScript, or JavaScript as CommonJS or ES module. */
export type MigrationFormat = "typescript" | "commonjs" | "esm"

interface Migration {
    readonly name: string
    readonly up: readonly MigrationStatement[]
    readonly down: readonly MigrationStatement[]
    readonly remaining: readonly string[]
}

/**
 * The name of a migration's class, which TypeORM wants to end in the timestamp.
 * @internal
 */
export function migrationName(name: string, timestamp: number): string {
    // TypeORM takes the last 13 characters of the name for the timestamp.
    if (!Number.isInteger(timestamp) || String(timestamp).length !== 13 || timestamp < 0)
        throw new InvalidOptionError(
            `The timestamp of the migration is ${timestamp}, give milliseconds since 1970.`,
        )
    const words = name.split(/[-_. ]+/).filter(Boolean)
    const pascal = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("")
    if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(pascal))
        throw new InvalidOptionError(
            `The name of the migration is ${JSON.stringify(name)}, give one that can be the name ` +
                "of a class.",
        )
    return `${pascal}${timestamp}`
}

/** @internal The text of a file like those of TypeORM's own `migration:generate`. */
export function migrationSource(
    { name, up, down, remaining }: Migration,
    format: MigrationFormat,
): string {
    const isTypeScript = format === "typescript"
    const head = isTypeScript
        ? `import type { MigrationInterface, QueryRunner } from "typeorm"\n\n` +
          `export class ${name} implements MigrationInterface {\n`
        : `/** @implements {import("typeorm").MigrationInterface} */\n` +
          `${format === "esm" ? "export" : "module.exports ="} class ${name} {\n`
    return (
        head +
        `    name = "${name}"\n\n` +
        `${method("up", up, isTypeScript, remaining)}\n` +
        `${method("down", down, isTypeScript)}}\n`
    )
}

function method(
    name: string,
    statements: readonly MigrationStatement[],
    isTypeScript: boolean,
    remaining: readonly string[] = [],
): string {
    const signature = isTypeScript
        ? `public async ${name}(queryRunner: QueryRunner): Promise<void>`
        : `async ${name}(queryRunner)`
    const comment = isTypeScript
        ? ""
        : `    /** @param {import("typeorm").QueryRunner} queryRunner */\n`
    const afterwards = remaining.map((text) => `        // Afterwards: ${text}\n`)
    const lines = [...statements.map(statementText), ...afterwards]
    return `${comment}    ${signature} {\n${lines.join("")}    }\n`
}

function statementText({ sql, parameters, comment }: MigrationStatement): string {
    const values = parameters?.length ? `, ${JSON.stringify(parameters)}` : ""
    // A line break would end the comment.
    const said = comment ? `        // ${comment.replace(/\s+/g, " ")}\n` : ""
    return `${said}        await queryRunner.query(\`${escape(sql)}\`${values})\n`
}

/** The text inside of a template literal. */
function escape(sql: string): string {
    return sql
        .replaceAll("\\", "\\\\")
        .replaceAll("`", "\\`")
        .replaceAll("${", "\\${")
        .replaceAll("\r", "\\r")
}
