import { expect } from "chai"
import { Column, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, UnknownScopeError } from "../../../src"
import { onEveryDatabase } from "../../support/databases"
import { expectRejects } from "../../support/errors"
import { worksOn } from "../../support/strategies"

@Entity({ name: "company" })
class Company {
    @PrimaryGeneratedColumn() id!: number
}

@Entity({ name: "letter" })
class Letter {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "varchar", length: 20 }) branch!: string
    @Column({ type: "varchar", length: 20, nullable: true }) area!: string | null
    @ManyToOne(() => Company, { nullable: false }) company!: Company

    @AutoSequenceColumn({ strategy: "trigger", uniqueWith: ["branch", "company", "area"] })
    number!: number
}

onEveryDatabase(
    "A trigger that finds no scope",
    (database) => {
        it("says which property is to be set, and the scope goes on", async () => {
            const dataSource = await database().connect([Company, Letter])
            const company = await dataSource.getRepository(Company).save({})
            const letters = dataSource.getRepository(Letter)
            const row = { branch: "north", company }
            await expectRejects(
                letters.save({ ...row, branch: null } as never),
                UnknownScopeError,
                "Set what makes it, Letter.number: branch.",
            )
            await expectRejects(
                letters.insert({ ...row, company: null } as never),
                UnknownScopeError,
                "Set what makes it, Letter.number: company.",
            )
            await expectRejects(
                letters.save({ branch: "north" }),
                UnknownScopeError,
                "Set what makes it, Letter.number: company.",
            )
            await expectRejects(
                letters.insert({ area: "a" }),
                UnknownScopeError,
                "Set what makes it, Letter.number: branch, company.",
            )
            const numbers = [
                await letters.save({ ...row }),
                await letters.save({ ...row, area: "a" }),
            ]
            expect(numbers.map(({ number }) => number)).to.eql([1, 1])
            expect((await letters.save({ ...row })).number).to.equal(2)
            expect(await letters.count()).to.equal(3)
        })
    },
    worksOn("trigger"),
)
