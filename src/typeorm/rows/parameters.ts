import type { DataSource } from "typeorm"

/**
 * The parameters of a statement, as they are named in its text.
 * @internal
 */
export class Parameters {
    readonly values: unknown[] = []

    constructor(private readonly dataSource: DataSource) {}

    /** Adds a value; gives the name. */
    add(value: unknown): string {
        const name = this.dataSource.driver.createParameter("p", this.values.length)
        this.values.push(value)
        return name
    }

    /** Adds several; gives their names as a list. */
    list(values: readonly unknown[]): string {
        return values.map((value) => this.add(value)).join(", ")
    }
}
