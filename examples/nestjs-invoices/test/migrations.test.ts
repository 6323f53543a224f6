import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { it } from "node:test"

const { resolve } = createRequire(import.meta.url)

it("The migrations lead to what the entities need", () => {
    const library = dirname(resolve("typeorm-autosequence/package.json"))
    const dataSource = join(import.meta.dirname, "../src/database/migrated.js")
    const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(library, "dist/cli/main.js"), "migration:generate", "-d", dataSource, "--check"],
        { encoding: "utf8" },
    )
    assert.equal(status, 0, `${stdout}${stderr}`)
})
