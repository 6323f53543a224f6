import { expect } from "chai"
import { readFileSync } from "node:fs"
import * as library from "../../src"

describe("docs/troubleshooting.md", () => {
    it("has the code of each error, and no other", () => {
        const classes = Object.values(library as Record<string, unknown>).filter(
            (one): one is new (text: string) => library.AutoSequenceError =>
                typeof one === "function" && one.prototype instanceof library.AutoSequenceError,
        )
        const codes = new Set(classes.map((one) => new one("").code))
        expect(codes.size).to.be.greaterThan(30)
        const page = readFileSync("docs/troubleshooting.md", "utf8")
        const told = [...page.matchAll(/^Code `([A-Z_]+)`/gm)].map(([, code]) => code!)
        expect([...new Set(told)].sort()).to.eql([...codes].sort())
    })
})
