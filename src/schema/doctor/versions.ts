import { isAtLeast, isInRange } from "../../typeorm/version/version-range"
import { supportedVersions, versions } from "../../typeorm/version/own-version"
import type { Examined } from "./examined"
import { type DiagnosisLine, ok, problem, warning } from "./types"

/** @internal Whether the versions of all that this library works on are supported. */
export async function versionLines({
    dialect,
    runner,
    version,
}: Examined): Promise<DiagnosisLine[]> {
    const { library, typeorm, node } = versions()
    const supported = supportedVersions()
    const lines: DiagnosisLine[] = []
    if (!isInRange(typeorm, supported.typeorm))
        lines.push(
            problem("versions", `TypeORM ${typeorm} is not supported. Use ${supported.typeorm}.`),
        )
    if (!isInRange(node, supported.node))
        lines.push(warning("versions", `Node.js ${node} is not tested. Use ${supported.node}.`))
    const { name, oldest } = dialect.server.product(version)
    if (!isAtLeast(version, oldest))
        lines.push(problem("versions", `${name} ${version} is too old. Use ${oldest} or later.`))
    const mistake = await dialect.schema.findMistake?.(runner)
    if (mistake !== undefined) lines.push(problem("versions", mistake))
    if (lines.length > 0) return lines
    const [number = version] = /^[\d.]+/.exec(version) ?? []
    return [
        ok(
            "versions",
            `typeorm-autosequence ${library}, TypeORM ${typeorm}, Node.js ${node}, ${name} ${number}`,
        ),
    ]
}
