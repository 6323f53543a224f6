import type { DataSource } from "typeorm"
import { SCHEMA } from "./support"

/** Lets the least that can number the rows of a table do so: one UPDATE … RETURNING of a counter that is there. */
export async function makeBarestTrigger(
    dataSource: DataSource,
    table: string,
    scopes: number,
): Promise<void> {
    for (const sql of [
        `CREATE TABLE ${SCHEMA}.barest_counter (scope int PRIMARY KEY, last int NOT NULL)`,
        `INSERT INTO ${SCHEMA}.barest_counter SELECT i, 0 FROM generate_series(1, ${scopes}) s(i)`,
        `CREATE FUNCTION ${SCHEMA}.barest() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                UPDATE ${SCHEMA}.barest_counter c SET last = c.last + 1 WHERE c.scope = NEW."customerId"
                    RETURNING c.last INTO NEW.number;
                RETURN NEW;
            END $$`,
        `CREATE TRIGGER barest BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION ${SCHEMA}.barest()`,
    ])
        await dataSource.query(sql)
}
