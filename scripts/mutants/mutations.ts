import { readFileSync } from "node:fs"
import ts from "typescript"

/** One small mistake in one file. */
export interface Mutant {
    readonly path: string
    readonly line: number
    /** What is written in place of the text from `start` to `end`. */
    readonly start: number
    readonly end: number
    readonly text: string
}

const OTHER_OPERATORS: Partial<Record<ts.SyntaxKind, string>> = {
    [ts.SyntaxKind.EqualsEqualsEqualsToken]: "!==",
    [ts.SyntaxKind.ExclamationEqualsEqualsToken]: "===",
    [ts.SyntaxKind.EqualsEqualsToken]: "!=",
    [ts.SyntaxKind.ExclamationEqualsToken]: "==",
    [ts.SyntaxKind.LessThanToken]: "<=",
    [ts.SyntaxKind.LessThanEqualsToken]: "<",
    [ts.SyntaxKind.GreaterThanToken]: ">=",
    [ts.SyntaxKind.GreaterThanEqualsToken]: ">",
    [ts.SyntaxKind.AmpersandAmpersandToken]: "||",
    [ts.SyntaxKind.BarBarToken]: "&&",
    [ts.SyntaxKind.PlusToken]: "-",
    [ts.SyntaxKind.MinusToken]: "+",
    [ts.SyntaxKind.PlusEqualsToken]: "-=",
    [ts.SyntaxKind.MinusEqualsToken]: "+=",
}
const OTHER_METHODS: Record<string, string> = {
    some: "every",
    every: "some",
    max: "min",
    min: "max",
}
/** Calls whose object would do, to a type checker, without them. */
const DROPPED_METHODS = new Set(["filter", "sort", "toSorted", "reverse", "toReversed", "slice"])

/** All mutants of a file, in the order of its lines. */
export function mutantsOf(path: string): Mutant[] {
    const source = ts.createSourceFile(
        path,
        readFileSync(path, "utf8"),
        ts.ScriptTarget.ES2022,
        true,
    )
    const mutants: Mutant[] = []
    const visit = (node: ts.Node): void => {
        // What is gone when the program runs.
        if (ts.isTypeNode(node) || ts.isImportDeclaration(node)) return
        if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return
        for (const [start, end, text] of mistakesIn(node, source)) {
            const line = source.getLineAndCharacterOfPosition(start).line + 1
            mutants.push({ path, line, start, end, text })
        }
        ts.forEachChild(node, visit)
    }
    visit(source)
    return mutants
}

export function mutated(mutant: Mutant, original: string): string {
    return original.slice(0, mutant.start) + mutant.text + original.slice(mutant.end)
}

type Mistake = [start: number, end: number, text: string]

function mistakesIn(node: ts.Node, source: ts.SourceFile): Mistake[] {
    const replaced = (one: ts.Node, text: string): Mistake => [one.getStart(source), one.end, text]
    if (ts.isBinaryExpression(node)) {
        const other = OTHER_OPERATORS[node.operatorToken.kind]
        return other === undefined ? [] : [replaced(node.operatorToken, other)]
    }
    if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken)
        return [replaced(node, node.operand.getText(source))]
    if (node.kind === ts.SyntaxKind.TrueKeyword) return [replaced(node, "false")]
    if (node.kind === ts.SyntaxKind.FalseKeyword) return [replaced(node, "true")]
    if (ts.isIfStatement(node))
        return [
            ...negated(node.expression).map((text) => replaced(node.expression, text)),
            replaced(node.expression, "false"),
        ]
    if (ts.isConditionalExpression(node))
        return negated(node.condition).map((text) => replaced(node.condition, text))
    if (ts.isExpressionStatement(node)) return isCall(node.expression) ? [replaced(node, ";")] : []
    if (ts.isReturnStatement(node) && node.expression && node.expression.getText() !== "undefined")
        return [replaced(node.expression, "undefined")]
    if (ts.isBlock(node) && ts.isFunctionLike(node.parent) && node.statements.length > 0)
        return [[node.getStart(source) + 1, node.getStart(source) + 1, " return;"]]
    if (ts.isArrayLiteralExpression(node))
        return node.elements.map((_, at) => dropped(node.elements, at, source))
    if (ts.isCallExpression(node)) return mistakesInCall(node, source)
    return []
}

function mistakesInCall(node: ts.CallExpression, source: ts.SourceFile): Mistake[] {
    const mistakes: Mistake[] = []
    const last = node.arguments.length - 1
    if (last >= 0) mistakes.push(dropped(node.arguments, last, source))
    if (!ts.isPropertyAccessExpression(node.expression)) return mistakes
    const { name, expression } = node.expression
    const other = OTHER_METHODS[name.text]
    if (other !== undefined) mistakes.push([name.getStart(source), name.end, other])
    if (DROPPED_METHODS.has(name.text)) mistakes.push([expression.end, node.end, ""])
    return mistakes
}

/** What another operator in the condition does as well is left to that. */
function negated(condition: ts.Expression): string[] {
    if (ts.isPrefixUnaryExpression(condition)) return []
    if (ts.isBinaryExpression(condition) && /^[!=]==?$/.test(condition.operatorToken.getText()))
        return []
    return [`!(${condition.getText()})`]
}

function isCall(expression: ts.Expression): boolean {
    if (ts.isAwaitExpression(expression) || ts.isVoidExpression(expression))
        return isCall(expression.expression)
    return (
        ts.isCallExpression(expression) && expression.expression.kind !== ts.SyntaxKind.SuperKeyword
    )
}

/** With the comma before it, or else the one after it. */
function dropped(list: ts.NodeArray<ts.Node>, at: number, source: ts.SourceFile): Mistake {
    const [before, one, after] = [list[at - 1], list[at], list[at + 1]]
    if (!one) throw new Error(`There is no element ${at}.`)
    if (before) return [before.end, one.end, ""]
    return [one.getStart(source), after ? after.getStart(source) : one.end, ""]
}
