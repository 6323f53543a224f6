import { expect } from "chai"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { UnsupportedError } from "../../src"
import { refuseOtherNest } from "../../src/nestjs/requirements"

describe("typeorm-autosequence/nestjs", () => {
    let directory: string
    beforeEach(async () => {
        directory = await mkdtemp(join(tmpdir(), "autosequence-nest-"))
    })
    afterEach(() => rm(directory, { recursive: true, force: true }))

    async function check(versions: Record<string, string | undefined>): Promise<void> {
        for (const [name, version] of Object.entries(versions)) {
            const place = join(directory, "node_modules", "@nestjs", name)
            await mkdir(place, { recursive: true })
            await writeFile(join(place, "package.json"), JSON.stringify({ version }))
        }
        refuseOtherNest(createRequire(join(directory, "index.js")))
    }

    it("says which NestJS it needs, where another one or none is installed", async () => {
        const refused = async (versions: Record<string, string | undefined>): Promise<unknown> =>
            check(versions).then(
                () => undefined,
                (error: unknown) => error,
            )
        for (const [versions, message] of [
            [
                { common: undefined },
                /needs @nestjs\/common, .* in version 10 or later, but there is no @nestjs\/common\./,
            ],
            [{ common: "9.4.3" }, /but this is @nestjs\/common 9\.4\.3\. Install it, or import/],
            [{ common: "11.0.0", core: "8.0.0" }, /but this is @nestjs\/core 8\.0\.0\./],
        ] as const)
            expect(await refused(versions))
                .to.be.instanceOf(UnsupportedError)
                .with.property("message")
                .that.matches(message)
        await check({ common: "10.0.0", core: "12.1.0", typeorm: "13.0.0-next.1" })
    })
})
