import { expect } from "chai"
import type { DataSource } from "typeorm"
import { NotInstalledError, seriesOf, verifyAutoSequence } from "../../../src"
import { expectNext } from "../../support/stored"
import { expectRejects, rejection } from "../../support/errors"
import { letters, post, TRIGGER } from "./letters"
import { onMariaDb } from "./statement-entities"

const INSERT = "INSERT INTO letter (box, number) VALUES (1, NULL)"

/**
 * Ends statements while they read the triggers, until the server has read one of them in part. How long
 * that takes nobody knows, so it is tried with all times.
 */
async function breakTriggers(dataSource: DataSource): Promise<string> {
    for (let at = 0; at < 3000; at += 1) {
        await dataSource.query("FLUSH TABLES letter")
        const seconds = (((at % 100) + 1) / 50_000).toFixed(6)
        await dataSource
            .query(`SET STATEMENT max_statement_time = ${seconds} FOR ${INSERT}`)
            .catch(() => {})
        const runner = dataSource.createQueryRunner()
        try {
            await runner.startTransaction()
            const error: unknown = await runner.query(INSERT).then(
                () => undefined,
                (caught: unknown) => caught,
            )
            await runner.rollbackTransaction()
            const { cause = error } = Object(error) as { cause?: unknown }
            const { message = "" } = Object(cause) as { message?: string }
            if (message.includes("an error in its body")) return message
        } finally {
            await runner.release()
        }
    }
    throw new Error("The server has read all triggers, however short the time was.")
}

onMariaDb("triggers that MariaDB has not read to their end", (database) => {
    it("are found by verifyAutoSequence, and refuse inserts until the table is flushed", async () => {
        const dataSource = await database().connect([letters(TRIGGER)])
        const repository = dataSource.getRepository("Letter")
        await post(dataSource, 1)
        await breakTriggers(dataSource)
        const texts = ["Letter.number", "Send FLUSH TABLES `letter`"]
        await expectRejects(repository.save({ box: 1 }), NotInstalledError, ...texts)
        await expectRejects(repository.insert({ box: 1 }), NotInstalledError, ...texts)
        const stored = await repository.findOneByOrFail({ box: 1 })
        await expectRejects(repository.update(stored.id, { box: 1 }), NotInstalledError, ...texts)
        await expectRejects(repository.save({ ...stored, box: 2 }), NotInstalledError, ...texts)
        await expectRejects(repository.delete(stored.id), NotInstalledError, ...texts)
        await expectRejects(repository.remove({ ...stored }), NotInstalledError, ...texts)
        await expectRejects(
            dataSource.query("UPDATE letter SET box = 1"),
            NotInstalledError,
            ...texts,
        )
        const moving = dataSource.transaction((manager) =>
            seriesOf(dataSource, "Letter", "number").move(manager, stored.id, { set: { box: 2 } }),
        )
        await expectRejects(moving, NotInstalledError, ...texts)
        const { message } = await rejection(verifyAutoSequence(dataSource))
        for (const text of texts) expect(message).to.include(text)
        await dataSource.query("FLUSH TABLES `letter`")
        await verifyAutoSequence(dataSource)
        const count = await repository.count()
        const numbers = Array.from({ length: count + 1 }, (_, at) => at + 1)
        await expectNext(repository, { box: 1 }, numbers)
    })
})
