import { expect } from "chai"
import { onOnePostgres } from "../support/databases"
import { runApplication } from "./processes/run-application"

const DONE = ["true order 1 1", "label 1"]
/** Less than the ten seconds for which a connection that was not closed keeps a process alive. */
const SOON = 8000

onOnePostgres("An application that has done its work", (database) => {
    const newOptions = async () => JSON.stringify(await database().newOptions())

    it("ends by itself when it is closed", async () => {
        const { code, signal, lines, lingered } = await runApplication([await newOptions()])
        expect({ code, signal, lines }).to.eql({
            code: 0,
            signal: null,
            lines: [...DONE, "shut down by the application", "closed"],
        })
        expect(lingered).to.be.below(SOON)
    })

    it("ends by the signal that its shutdown hooks wait for", async () => {
        const stopped = await runApplication([await newOptions(), "signal"], (line, stop) => {
            if (line === "waiting") stop("SIGTERM")
        })
        const { code, signal, lines, lingered } = stopped
        expect({ code, signal, lines }).to.eql({
            code: null,
            signal: "SIGTERM",
            lines: [...DONE, "waiting", "shut down SIGTERM"],
        })
        expect(lingered).to.be.below(SOON)
    })
})
