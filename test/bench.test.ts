import { expect } from "chai"
import type { DataSource } from "typeorm"
import { SCHEMA, withDatabase } from "../bench/support"
import { onOnePostgres } from "./support/databases"

onOnePostgres("A benchmark", (database) => {
    it("begins anew where a run before it was interrupted, and leaves nothing", async () => {
        const other = await database().connect([])
        await other.query(`CREATE SCHEMA ${SCHEMA}`)
        await other.query(`CREATE TABLE ${SCHEMA}.autosequence_counter (id int)`)
        let counters: unknown
        const work = async (dataSource: DataSource) => {
            counters = await dataSource.query(`SELECT series FROM ${SCHEMA}.autosequence_counter`)
        }
        await withDatabase([], 1, work, database().url)
        expect(counters).to.eql([])
        const sql = `SELECT nspname FROM pg_namespace WHERE nspname = '${SCHEMA}'`
        expect(await other.query(sql)).to.eql([])
    })
})
