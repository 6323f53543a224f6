import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import ts from "typescript"
import { toolPath } from "../../scripts/packed"

const ROOT = join(__dirname, "..", "..")
const SURFACE_FILE = join(__dirname, "public-surface.d.ts.txt")

/** The entry points, by the title that their names have in the surface. */
const ENTRY_POINTS = { exports: "index", "exports of nestjs": "nestjs/index" }
const TITLES = [...Object.keys(ENTRY_POINTS), "imports"]

/**
 * Everything that users can see, by name: the names of the entry points, all declarations that they
 * lead to, and what those take from other packages.
 */
export type Surface = ReadonlyMap<string, string>

/** The surface of the source, from the declarations that the build writes. */
export function buildSurface(): Surface {
    // Where they find what they import.
    mkdirSync(join(ROOT, ".tmp"), { recursive: true })
    const directory = mkdtempSync(join(ROOT, ".tmp", "surface-"))
    try {
        const project = join(ROOT, "tsconfig.build.json")
        const options = ["--emitDeclarationOnly", "--noCheck", "--outDir", directory]
        execFileSync(process.execPath, [toolPath("typescript-7", "tsc"), "-p", project, ...options])
        return surfaceIn(directory)
    } finally {
        rmSync(directory, { recursive: true })
    }
}

function surfaceIn(directory: string): Surface {
    const options = { module: ts.ModuleKind.Node20, noLib: true, types: [] }
    const host = ts.createCompilerHost(options)
    // Of other packages the names alone count, and to read those takes longer than all else.
    host.resolveModuleNameLiterals = (modules, from) =>
        modules.map(({ text }) =>
            text.startsWith(".")
                ? ts.resolveModuleName(text, from, options, host)
                : { resolvedModule: undefined },
        )
    const program = ts.createProgram(
        Object.values(ENTRY_POINTS).map((entry) => join(directory, `${entry}.d.ts`)),
        options,
        host,
    )
    const surface = new Map(
        Object.entries(ENTRY_POINTS).map(([title, entry]) => [
            title,
            describeExports(program, join(directory, `${entry}.d.ts`)),
        ]),
    )
    const imports = new Set<string>()
    const seen = new Set<string>()
    const visit = (path: string): void => {
        if (seen.has(path)) return
        seen.add(path)
        const file = program.getSourceFile(path)
        if (!file) throw new Error(`The build doesn't write ${path}.`)
        for (const statement of file.statements) {
            const from = moduleOf(statement)
            if (from?.startsWith(".")) visit(resolveDeclaration(path, from))
            else if (from !== undefined)
                for (const name of importedNames(statement)) imports.add(`${name} from "${from}"`)
            else if (!isEmptyExport(statement)) {
                const name = declaredName(statement)
                const others = surface.get(name)
                surface.set(name, (others ? `${others}\n` : "") + print(statement, file))
            }
        }
    }
    for (const entry of Object.values(ENTRY_POINTS)) visit(join(directory, `${entry}.d.ts`))
    surface.set("imports", [...imports].sort().join("\n"))
    return surface
}

/** One text: what the entry points export and import first, then the declarations by name. */
export function formatSurface(surface: Surface): string {
    const names = [...surface.keys()].filter((name) => !TITLES.includes(name))
    return [...TITLES, ...names.sort()]
        .map((name) => `// ${name}\n${surface.get(name) ?? ""}\n`)
        .join("\n")
}

export function readSurface(): Surface {
    const parts = readFileSync(SURFACE_FILE, "utf8").trim().split(/\n\n/)
    return new Map(
        parts.map((part): [string, string] => {
            const [title = "", ...lines] = part.split("\n")
            return [title.replace("// ", ""), lines.join("\n")]
        }),
    )
}

/** The exported names of an entry point that exist at run time. */
export function valueExports(surface: Surface, title: keyof typeof ENTRY_POINTS): string[] {
    return (surface.get(title) ?? "")
        .split("\n")
        .filter((line) => !line.startsWith("type "))
        .map((line) => line.replace("value ", ""))
}

/** `value X` or `type X` for each name. */
function describeExports(program: ts.Program, path: string): string {
    const checker = program.getTypeChecker()
    const source = program.getSourceFile(path)
    const module = source && checker.getSymbolAtLocation(source)
    if (!module) throw new Error(`${path} exports nothing.`)
    return checker
        .getExportsOfModule(module)
        .map((symbol) => {
            const isAlias = symbol.flags & ts.SymbolFlags.Alias
            const { flags } = isAlias ? checker.getAliasedSymbol(symbol) : symbol
            return `${flags & ts.SymbolFlags.Value ? "value" : "type"} ${symbol.name}`
        })
        .sort()
        .join("\n")
}

function moduleOf(statement: ts.Statement): string | undefined {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return undefined
    const { moduleSpecifier } = statement
    return moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : undefined
}

function importedNames(statement: ts.Statement): string[] {
    const bindings = ts.isImportDeclaration(statement) && statement.importClause?.namedBindings
    return bindings && ts.isNamedImports(bindings)
        ? bindings.elements.map(({ name, propertyName }) => (propertyName ?? name).text)
        : [statement.getText()]
}

function resolveDeclaration(from: string, module: string): string {
    const base = resolve(dirname(from), module)
    const path = [`${base}.d.ts`, join(base, "index.d.ts")].find(existsSync)
    if (!path) throw new Error(`${from} leads to "${module}", which the build doesn't write.`)
    return path
}

/** `export {}` only says that a file is a module. */
function isEmptyExport(statement: ts.Statement): boolean {
    const clause = ts.isExportDeclaration(statement) ? statement.exportClause : undefined
    return !!clause && ts.isNamedExports(clause) && clause.elements.length === 0
}

function declaredName(statement: ts.Statement): string {
    const declaration = ts.isVariableStatement(statement)
        ? statement.declarationList.declarations[0]
        : (statement as ts.Statement & { name?: ts.Identifier })
    return declaration?.name?.getText() ?? statement.getText()
}

function print(statement: ts.Statement, file: ts.SourceFile): string {
    return ts
        .createPrinter({ removeComments: true })
        .printNode(ts.EmitHint.Unspecified, statement, file)
}

if (require.main === module) writeFileSync(SURFACE_FILE, formatSurface(buildSurface()))
