import { Controller, Get } from "@nestjs/common"
import { HealthCheck, HealthCheckService, TerminusModule } from "@nestjs/terminus"
import { TypeOrmModule, type TypeOrmModuleOptions } from "@nestjs/typeorm"
import { expect } from "chai"
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"
import { DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    diagnose,
    type DiagnosisLine,
    installAutoSequence,
    PseudoKey,
} from "../../src"
import { AutoSequenceModule, autoSequenceHealth } from "../../src/nestjs"
import { onOnePostgres } from "../support/databases"
import { Applications } from "./applications"
import { Site } from "./articles"

@Entity()
class Counted {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ strategy: "counter" }) number!: number
}

@Entity()
class Triggered {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ strategy: "trigger" }) number!: number
}

@Entity()
class Keyed {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ history: true }) key!: string
}

@Controller("health")
class HealthController {
    constructor(
        private readonly health: HealthCheckService,
        private readonly dataSource: DataSource,
    ) {}

    @Get()
    @HealthCheck()
    check() {
        return this.health.check([async () => autoSequenceHealth("numbers", this.dataSource)])
    }
}

interface Details {
    numbers: { status: string; code: string; problems: string[]; lines: DiagnosisLine[] }
}

const ENTITIES = [Counted, Triggered, Keyed]

/** Leads to a database, until it is cut. */
class Line {
    private readonly sockets: Socket[] = []
    private constructor(
        private readonly server: Server,
        readonly url: string,
    ) {}

    static async to(url: string): Promise<Line> {
        const target = new URL(url)
        const server = createServer().listen(0, "127.0.0.1")
        await once(server, "listening")
        const { port } = server.address() as AddressInfo
        const own = Object.assign(new URL(url), { hostname: "127.0.0.1", port: String(port) })
        const line = new Line(server, own.href)
        server.on("connection", (near) => {
            const far = connect(Number(target.port || 5432), target.hostname)
            for (const socket of [near, far]) socket.on("error", () => socket.destroy())
            near.pipe(far).pipe(near)
            line.sockets.push(near, far)
        })
        return line
    }

    async cut(): Promise<void> {
        for (const socket of this.sockets.splice(0)) socket.destroy()
        if (!this.server.listening) return
        this.server.close()
        await once(this.server, "close")
    }
}

onOnePostgres("autoSequenceHealth", (database) => {
    const applications = new Applications()
    afterEach(() => applications.close())

    async function start(given?: TypeOrmModuleOptions): Promise<Site> {
        const options = given ?? (await database().newOptions())
        const application = await applications.start({
            imports: [
                TypeOrmModule.forRoot({ ...options, autoLoadEntities: true, synchronize: true }),
                TypeOrmModule.forFeature(ENTITIES),
                AutoSequenceModule.forRoot({ install: true }),
                TerminusModule.forRoot({ logger: false }),
            ],
            controllers: [HealthController],
        })
        const { port } = application.getHttpServer().address() as { port: number }
        return new Site(application, `http://127.0.0.1:${port}`, null as never)
    }

    /** The place of a table, as SQL writes it. */
    const table = ({ manager }: Site, name: string) =>
        `"${String((manager.connection.options as { schema?: string }).schema)}"."${name}"`

    it("tells terminus that all is well", async () => {
        const site = await start()
        const { status, body } = await site.ask("/health")
        const { info, error } = JSON.parse(body) as Record<string, Details>
        expect({ status, error }).to.eql({ status: 200, error: {} })
        const { lines, ...rest } = info!.numbers
        expect(rest).to.eql({ status: "up" })
        // As the command tells it, which also compares counters.
        const told = await diagnose(site.manager.connection)
        expect(lines).to.eql(told.lines.filter(({ check }) => check !== "counters"))
        expect(told.lines.filter((line) => line.status !== "ok")).to.eql([])
    })

    for (const [what, problem, breakIt] of [
        [
            "the unique index of numbers is missing",
            "unique",
            async (site: Site) => {
                const { indices } = site.manager.connection.getMetadata(Counted)
                const { schema } = site.manager.connection.options as { schema?: string }
                await site.manager.query(`DROP INDEX "${schema!}"."${indices[0]!.name}"`)
            },
        ],
        [
            "a trigger is missing",
            "trigger",
            async (site: Site) => {
                const name = table(site, "triggered")
                const triggers = (await site.manager.query(
                    "SELECT tgname FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal",
                    [name],
                )) as { tgname: string }[]
                expect(triggers).not.to.eql([])
                for (const { tgname } of triggers)
                    await site.manager.query(`DROP TRIGGER "${tgname}" ON ${name}`)
            },
        ],
        [
            "the counter table is missing",
            "autosequence_counter",
            (site: Site) =>
                site.manager.query(`DROP TABLE ${table(site, "autosequence_counter")} CASCADE`),
        ],
        [
            "the history of keys is missing",
            "autosequence_key",
            (site: Site) => site.manager.query(`DROP TABLE ${table(site, "autosequence_key")}`),
        ],
        [
            "a column is missing",
            "number",
            (site: Site) =>
                site.manager.query(`ALTER TABLE ${table(site, "counted")} DROP COLUMN number`),
        ],
    ] as [string, string, (site: Site) => Promise<unknown>][])
        it(`tells terminus that ${what}, and that it is back`, async () => {
            const site = await start()
            await breakIt(site)
            const { status, body } = await site.ask("/health")
            const { error, details, info } = JSON.parse(body) as Record<string, Details>
            expect({ status, info }).to.eql({ status: 503, info: {} })
            expect(error).to.eql(details)
            expect(details!.numbers).to.include({ status: "down", code: "PROBLEMS" })
            expect(details!.numbers.problems.join("\n")).to.include(problem)
            expect(details!.numbers.problems).not.to.include("")
            await site.manager.connection.synchronize()
            await installAutoSequence(site.manager.connection)
            expect((await site.ask("/health")).status).to.equal(200)
        })

    it("says nothing of where the database is that it can't reach", async () => {
        const options = await database().newOptions()
        const line = await Line.to(options.url!)
        try {
            const site = await start({ ...options, url: line.url })
            expect((await site.ask("/health")).status).to.equal(200)
            await line.cut()
            const { status, body } = await site.ask("/health")
            expect(status).to.equal(503)
            expect(JSON.parse(body)).to.deep.include({
                error: {
                    numbers: {
                        status: "down",
                        code: "UNREACHABLE",
                        problems: ["The database can't be queried."],
                        lines: [],
                    },
                },
            })
            await expect(site.manager.query("SELECT 1")).to.be.rejected
        } finally {
            await line.cut()
        }
    })

    it("tells that the data source was closed, and that it is back", async () => {
        const site = await start()
        const { connection } = site.manager
        await connection.destroy()
        expect((await site.ask("/health")).status).to.equal(503)
        await connection.initialize()
        expect((await site.ask("/health")).status).to.equal(200)
    })

    it("tells of what can't be checked as a problem, and throws nothing", async () => {
        const { health } = await autoSequenceHealth("health", new DataSource({ type: "postgres" }))
        expect(health).to.include({ status: "down" })
    })
})
