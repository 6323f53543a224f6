import { applyDecorators, type INestApplication } from "@nestjs/common"
import {
    ApiNotFoundResponse,
    ApiParam,
    ApiResponse,
    ApiSecurity,
    ApiUnauthorizedResponse,
    DocumentBuilder,
    SwaggerModule,
} from "@nestjs/swagger"

const SECURITY = "tenant"

export function addOpenApi(app: INestApplication): void {
    const config = new DocumentBuilder()
        .setTitle("Invoices")
        .setDescription("Invoices that are numbered 1, 2, 3 … for each customer")
        .addApiKey({ type: "apiKey", in: "header", name: "X-Api-Key" }, SECURITY)
        .build()
    SwaggerModule.setup("docs", app, () => SwaggerModule.createDocument(app, config))
}

/** A controller that answers tenants alone. */
export function ApiTenant(): ClassDecorator {
    return applyDecorators(ApiSecurity(SECURITY), ApiUnauthorizedResponse())
}

/** The parameter `:key`. OpenAPI takes no notice of the decorators that make a row of it. */
export function ApiKey(prefix: string): MethodDecorator {
    return applyDecorators(
        ApiParam({ name: "key", type: String, example: `${prefix}_V1StGXR8_Z5jdHi6B-myT` }),
        ApiNotFoundResponse({ description: "Nothing of this tenant has the key." }),
    )
}

/** The same for a key that may have been changed: 301 answers GET, 308 the other methods. */
export function ApiChangeableKey(prefix: string, status: 301 | 308): MethodDecorator {
    return applyDecorators(
        ApiKey(prefix),
        ApiResponse({
            status,
            description: "The key was changed.",
            headers: { Location: { schema: { type: "string", example: "/the/new/address" } } },
        }),
    )
}
