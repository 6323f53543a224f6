import { DefaultNamingStrategy, type NamingStrategyInterface } from "typeorm"

/** Names tables and columns in snake case. */
export class SnakeCase extends DefaultNamingStrategy implements NamingStrategyInterface {
    private snake(name: string): string {
        return name.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase()
    }
    override tableName(target: string, given: string | undefined): string {
        return given ?? this.snake(target)
    }
    override columnName(property: string, given: string | undefined, prefixes: string[]): string {
        return this.snake([...prefixes, given ?? property].join("_"))
    }
    override joinColumnName(relation: string, referenced: string): string {
        return this.snake(`${relation}_${referenced}`)
    }
}
