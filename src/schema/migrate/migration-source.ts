import { InvalidOptionError } from "../../errors"
import type { MigrationStep } from "../plan/steps"

/** The language of a migration file: TypeScript, or JavaScript as a CommonJS or ES module. */
export type MigrationFormat = "typescript" | "commonjs" | "esm"

/** @internal */
export const FORMATS: readonly MigrationFormat[] = ["typescript", "commonjs", "esm"]

interface Migration {
    readonly name: string
    readonly up: readonly MigrationStep[]
    readonly down: readonly MigrationStep[]
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
            `The name of the migration is ${JSON.stringify(name)}, give one that can name a class.`,
        )
    return `${pascal}${timestamp}`
}

const BACKFILL = "backfillPseudoKeys"

function importText(format: MigrationFormat): string {
    return format === "commonjs"
        ? `const { ${BACKFILL} } = require("typeorm-autosequence")\n`
        : `import { ${BACKFILL} } from "typeorm-autosequence"\n`
}

/** @internal The text of a file like those of TypeORM's own `migration:generate`. */
export function migrationSource(
    { name, up, down, remaining }: Migration,
    format: MigrationFormat,
): string {
    const isTypeScript = format === "typescript"
    const isFilled = up.some(({ sql }) => sql === undefined)
    const imported = isFilled ? importText(format) : ""
    const head = isTypeScript
        ? `import type { MigrationInterface, QueryRunner } from "typeorm"\n${imported}\n` +
          `export class ${name} implements MigrationInterface {\n`
        : `${imported ? `${imported}\n` : ""}/** @implements {import("typeorm").MigrationInterface} */\n` +
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
    steps: readonly MigrationStep[],
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
    const lines = [...steps.map(stepText), ...afterwards]
    return `${comment}    ${signature} {\n${lines.join("")}    }\n`
}

function stepText(step: MigrationStep): string {
    // A line break would end the comment.
    const said = step.comment ? `        // ${step.comment.replace(/\s+/g, " ")}\n` : ""
    return `${said}        await ${callText(step)}\n`
}

function callText(step: MigrationStep): string {
    if (step.sql === undefined) {
        const options = `{ property: ${JSON.stringify(step.property)} }`
        return `${BACKFILL}(queryRunner, ${JSON.stringify(step.entity)}, ${options})`
    }
    const values = step.parameters?.length ? `, ${JSON.stringify(step.parameters)}` : ""
    return `queryRunner.query(\`${escape(step.sql)}\`${values})`
}

/** The text inside of a template literal. */
function escape(sql: string): string {
    return sql
        .replaceAll("\\", "\\\\")
        .replaceAll("`", "\\`")
        .replaceAll("${", "\\${")
        .replaceAll("\r", "\\r")
}
