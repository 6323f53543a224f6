import { expect } from "chai"
import { Entity, PrimaryGeneratedColumn } from "typeorm"
import { PseudoKey } from "../../src"
import * as nest from "../../src/nestjs"
import { itRefuses } from "../support/wrong-options"

@Entity()
class Letter {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ prefix: "let" }) key!: string
}

describe("What is no option at all of the NestJS module is refused by a typed error", () => {
    itRefuses({
        calls: {
            "AutoSequenceModule.forRoot": (options) => nest.AutoSequenceModule.forRoot(options),
            "AutoSequenceModule.forRootAsync": (options) =>
                nest.AutoSequenceModule.forRootAsync(options),
            "AutoSequenceModule.forFeature": (options) =>
                nest.AutoSequenceModule.forFeature(options),
            PseudoKeyPipe: (options) => nest.PseudoKeyPipe(Letter, options),
            PseudoKeyParam: (options) => nest.PseudoKeyParam("key", Letter, options),
        },
        wrong: {
            "AutoSequenceModule.forRoot": {
                install: 1,
                verify: null,
                strict: "yes",
                redirectRetiredKeys: 1,
                dataSource: 5n,
                dataSourceToken: 5,
                imports: 1,
                unknown: 1,
            },
            "AutoSequenceModule.forRootAsync": {
                useFactory: 1,
                useClass: {},
                useExisting: 1,
                unknown: 1,
            },
            PseudoKeyPipe: { property: null, redirect: 1, exceptionFactory: 1, dataSource: 5n },
            PseudoKeyParam: { property: null, redirect: 1, exceptionFactory: 1, dataSource: 5n },
        },
        others: {
            "a sequence of AutoSequenceModule.forFeature": (one) =>
                nest.AutoSequenceModule.forFeature([one]),
            "the entity of PseudoKeyPipe": (entity) => nest.PseudoKeyPipe(entity),
            "the entity of PseudoKeyParam": (entity) => nest.PseudoKeyParam("key", entity),
        },
    })

    it("and health reports it", async () => {
        const health = await nest.autoSequenceHealth("numbers", null as never)
        expect(health.numbers).to.include({ status: "down", code: "INVALID_OPTION" })
    })

    it("and tokens are texts whatever they are made of", () => {
        expect(nest.getSequenceToken(5n as never)).to.equal("Sequence(5)")
    })
})
