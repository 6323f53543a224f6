import {
    type ArgumentMetadata,
    type CallHandler,
    type ExecutionContext,
    HttpException,
    HttpStatus,
    Inject,
    Injectable,
    type NestInterceptor,
} from "@nestjs/common"
import { HttpAdapterHost } from "@nestjs/core"
import { catchError, type Observable } from "rxjs"
import { type KeyRequest, urlWithKey } from "./url-with-key"

/**
 * A request used a retired key. Exception filters see it as a response with status 301 or 308 whose
 * `Location` is set.
 */
export class RetiredKeyException extends HttpException {
    constructor(
        /** The current key of the row. */
        readonly key: string,
        /** Where the retired key was found: a route parameter or a query parameter. */
        readonly argument: ArgumentMetadata,
        status: HttpStatus = HttpStatus.MOVED_PERMANENTLY,
    ) {
        super("The resource has moved to another address.", status)
    }
}

/**
 * Says where to, for any filter that sends the response.
 * @internal
 */
@Injectable()
export class RetiredKeyInterceptor implements NestInterceptor {
    constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

    intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
        if (context.getType() !== "http") return next.handle()
        return next.handle().pipe(
            catchError((error: unknown) => {
                throw error instanceof RetiredKeyException ? this.redirect(error, context) : error
            }),
        )
    }

    private redirect(
        { key, argument }: RetiredKeyException,
        context: ExecutionContext,
    ): RetiredKeyException {
        const { httpAdapter } = this.host
        const request = context.switchToHttp().getRequest<KeyRequest>()
        const response: unknown = context.switchToHttp().getResponse()
        httpAdapter.setHeader(response, "Location", urlWithKey(request, argument, key))
        // A row may take a key back that it had, and browsers would then go round in circles.
        httpAdapter.setHeader(response, "Cache-Control", "no-cache")
        // Browsers make a GET of whatever was answered by 301.
        const isRead = request.method === "GET" || request.method === "HEAD"
        return new RetiredKeyException(
            key,
            argument,
            isRead ? HttpStatus.MOVED_PERMANENTLY : HttpStatus.PERMANENT_REDIRECT,
        )
    }
}
