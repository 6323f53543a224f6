import { type INestApplication, type NestApplicationOptions, ValidationPipe } from "@nestjs/common"
import { NestFactory } from "@nestjs/core"
import { AppModule } from "./app.module.js"
import { addOpenApi } from "./openapi.js"

/** The application as it runs, in production and in the tests. */
export async function createApp(options: NestApplicationOptions = {}): Promise<INestApplication> {
    const app = await NestFactory.create(AppModule, options)
    app.useGlobalPipes(
        new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }),
    )
    addOpenApi(app)
    return app
}
