import "reflect-metadata"
import { writeSync } from "node:fs"
import { Controller, Get, Module, type OnApplicationShutdown, Param } from "@nestjs/common"
import { NestFactory } from "@nestjs/core"
import { TypeOrmModule, type TypeOrmModuleOptions } from "@nestjs/typeorm"
import { DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, PseudoKey, type Sequence } from "../../../src"
import { AutoSequenceModule, getSequenceToken, PseudoKeyPipe } from "../../../src/nestjs"

const [options = "", end = ""] = process.argv.slice(2)

@Entity()
class Order {
    @PrimaryGeneratedColumn()
    id!: number

    @AutoSequenceColumn({ strategy: "trigger" })
    number!: number

    @AutoSequenceColumn({ strategy: "counter", gapless: false, cache: 5 })
    ticket!: number

    @PseudoKey({ prefix: "ord", history: true })
    publicId!: string
}

@Controller("orders")
class OrdersController {
    @Get(":key")
    show(@Param("key", PseudoKeyPipe(Order)) { number, ticket }: Order): string {
        return `order ${number} ${ticket}`
    }
}

@Module({
    imports: [
        TypeOrmModule.forRoot({
            ...(JSON.parse(options) as TypeOrmModuleOptions),
            autoLoadEntities: true,
            synchronize: true,
        }),
        TypeOrmModule.forFeature([Order]),
        AutoSequenceModule.forRoot({ install: true, strict: true, redirectRetiredKeys: true }),
        AutoSequenceModule.forFeature(["labels"]),
    ],
    controllers: [OrdersController],
})
class AppModule implements OnApplicationShutdown {
    onApplicationShutdown(signal?: string): void {
        writeSync(1, `shut down ${signal ?? "by the application"}\n`)
    }
}

/** Prints what it has done, and is to end by itself when it was closed. */
async function main(): Promise<void> {
    const application = await NestFactory.create(AppModule, { logger: ["error", "warn"] })
    if (end === "signal") application.enableShutdownHooks()
    await application.listen(0, "127.0.0.1")

    const orders = application.get(DataSource).getRepository(Order)
    const order = await orders.save({})
    const retired = order.publicId
    await orders.save(Object.assign(order, { publicId: "ord_changed" }))
    const response = await fetch(`${await application.getUrl()}/orders/${retired}`)
    writeSync(1, `${response.redirected} ${await response.text()}\n`)
    const labels = application.get<Sequence>(getSequenceToken("labels"))
    writeSync(1, `label ${await labels.next()}\n`)

    if (end === "signal") return void writeSync(1, "waiting\n")
    await application.close()
    writeSync(1, "closed\n")
}

void main()
