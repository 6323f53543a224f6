import { expect } from "chai"
import { createRequire } from "node:module"
import * as library from "../../src"
import { isTypeORM1 } from "../support/typeorm-version"
import { buildSurface, readSurface, type Surface, valueExports } from "./public-surface"

const REMEDY =
    "If this is meant, it is a change for users: say so in CHANGELOG.md and run `npm run surface:update`."

describe("The public surface", () => {
    it("has the declarations that public-surface.d.ts.txt has", () => {
        const changes = describeChanges(readSurface(), buildSurface())
        if (changes) expect.fail(`The public surface has changed.\n\n${changes}\n\n${REMEDY}`)
    })

    it("has at run time what its declarations promise, and nothing else", () => {
        expect(Object.keys(library).sort(), REMEDY).to.eql(
            valueExports(readSurface(), "exports").sort(),
        )
    })

    it("has the same for NestJS, where that is there", function () {
        // NestJS 12 can't be loaded with the other TypeORM.
        if (!isTypeORM1) return this.skip()
        const nestjs = createRequire(__filename)("../../src/nestjs") as object
        expect(Object.keys(nestjs).sort(), REMEDY).to.eql(
            valueExports(readSurface(), "exports of nestjs").sort(),
        )
    })
})

function describeChanges(before: Surface, now: Surface): string {
    const names = [...new Set([...before.keys(), ...now.keys()])].sort()
    return names
        .filter((name) => before.get(name) !== now.get(name))
        .map((name) => {
            const old = before.get(name)?.split("\n") ?? []
            const current = now.get(name)?.split("\n") ?? []
            return [
                `${name}:`,
                ...old.filter((line) => !current.includes(line)).map((line) => `  - ${line}`),
                ...current.filter((line) => !old.includes(line)).map((line) => `  + ${line}`),
            ].join("\n")
        })
        .join("\n\n")
}
