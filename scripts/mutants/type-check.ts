import { dirname, resolve } from "node:path"
import ts from "typescript"

/** Asks TypeScript about one changed file after the other, without reading the rest anew. */
export class TypeCheck {
    private readonly changed = new Map<string, { version: number; text: string }>()
    private readonly service: ts.LanguageService

    constructor(config: string) {
        const json: unknown = ts.readConfigFile(config, (path) => ts.sys.readFile(path)).config
        const { options, fileNames } = ts.parseJsonConfigFileContent(json, ts.sys, dirname(config))
        // What a mutant leaves unused is no reason to refuse it.
        Object.assign(options, { noUnusedLocals: false, noUnusedParameters: false })
        const names = fileNames.filter((name) => name.includes("/src/"))
        const text = (path: string) => this.changed.get(path)?.text ?? ts.sys.readFile(path)
        this.service = ts.createLanguageService({
            getScriptFileNames: () => names,
            getScriptVersion: (path) => String(this.changed.get(path)?.version ?? 0),
            getScriptSnapshot: (path) => {
                const read = text(path)
                return read === undefined ? undefined : ts.ScriptSnapshot.fromString(read)
            },
            getCurrentDirectory: () => dirname(config),
            getCompilationSettings: () => options,
            getDefaultLibFileName: (one) => ts.getDefaultLibFilePath(one),
            fileExists: (path) => ts.sys.fileExists(path),
            readFile: text,
            readDirectory: (...args) => ts.sys.readDirectory(...args),
            directoryExists: (path) => ts.sys.directoryExists(path),
            getDirectories: (path) => ts.sys.getDirectories(path),
        })
    }

    /** Whether the file would still compile with this text. */
    accepts(path: string, text: string): boolean {
        const name = resolve(path)
        const original = ts.sys.readFile(name) ?? ""
        this.change(name, text)
        const isRefused =
            this.service.getSyntacticDiagnostics(name).length > 0 ||
            this.service.getSemanticDiagnostics(name).length > 0
        this.change(name, original)
        return !isRefused
    }

    private change(name: string, text: string): void {
        this.changed.set(name, { version: (this.changed.get(name)?.version ?? 0) + 1, text })
    }
}
