import { expect } from "chai"
import { installAutoSequence, type Strategy, UnsupportedError } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { expectUnwritten } from "../support/errors"
import { entitiesOf } from "../support/numbered-entities"
import { numbersOf } from "../support/rows"
import { SUPPORTED, WAYS, worksOn } from "../support/strategies"

onEveryDatabase("Each strategy", (database) => {
    for (const strategy of Object.keys(SUPPORTED) as Strategy[])
        it(`${strategy} works, or is refused before anything is written`, async () => {
            const { Ticket } = entitiesOf(WAYS[strategy])
            const { can, kind } = database()
            const supported = SUPPORTED[strategy][kind]
            expect(worksOn(strategy)(can)).to.equal(supported === true)
            if (supported === true) {
                const dataSource = await database().connect([Ticket])
                const rows = await dataSource.getRepository(Ticket).save([{}, {}])
                expect(numbersOf(rows)).to.eql([1, 2])
                return
            }
            const dataSource = await database().connect([Ticket], { synchronize: false })
            await dataSource.synchronize()
            const tickets = dataSource.getRepository(Ticket)
            const save = () => tickets.save([{}, {}])
            await expectUnwritten(tickets, save, UnsupportedError, strategy, supported)
            // A row that brings its number along as well: the next one could not go on after it.
            const given = () => tickets.save({ number: 4 })
            await expectUnwritten(tickets, given, UnsupportedError, strategy, supported)
            const install = () => installAutoSequence(dataSource)
            await expectUnwritten(tickets, install, UnsupportedError, strategy, supported)
        })
})
