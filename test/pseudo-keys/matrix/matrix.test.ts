import type { DataSource } from "typeorm"
import { describeOn } from "../../support/databases"
import { matrixServers, servers } from "../../support/servers"
import { isThorough } from "../../support/thoroughness"
import { checkPrograms, seed } from "./check"
import { Runs } from "./runs"
import { otherVariants, PLACES, relatedVariants, titledVariants } from "./variants"

const VARIANTS = [...titledVariants(), ...otherVariants(), ...relatedVariants()].map(
    (variant, at) => ({ variant, at }),
)

for (const [turn, server] of (isThorough ? servers : matrixServers).entries())
    describeOn(`Keys of random programs (TEST_SEED=${seed})`, server, (_, { lasting }) => {
        // Otherwise each table is on one of the databases, on another one with another seed.
        const here = isThorough
            ? VARIANTS
            : VARIANTS.filter(({ at }) => (at + seed + turn) % matrixServers.length === 0)
        let dataSource: DataSource

        before(async () => {
            const entities = here.flatMap(({ variant }) => variant.entities)
            dataSource = await lasting().connect([...PLACES, ...entities] as never, {
                connections: 4,
            })
            for (const place of PLACES)
                await dataSource.getRepository(place).save([{ id: 1 }, { id: 2 }])
        })

        for (const { variant, at } of here)
            it(`are as the model has them: ${variant.title}`, () =>
                checkPrograms(new Runs(dataSource, variant), { at }))
    })
