import type { ArgumentMetadata } from "@nestjs/common"

/** @internal What Express and Fastify have in common, and where they don't. */
export interface KeyRequest {
    readonly method: string
    readonly url: string
    /** Express: with the path that an application is mounted at. */
    readonly originalUrl?: string
    readonly params: Readonly<Record<string, string | undefined>>
    /** Express: the pattern of the route. */
    readonly route?: { readonly path?: unknown }
    /** Fastify: the pattern of the route. */
    readonly routeOptions?: { readonly url?: unknown }
}

/** @internal The address of a request with another key in the place of one. */
export function urlWithKey(
    request: KeyRequest,
    { type, data: name = "" }: ArgumentMetadata,
    key: string,
): string {
    const [path = "", ...query] = (request.originalUrl ?? request.url).split("?")
    if (type === "query") {
        const parameters = new URLSearchParams(query.join("?"))
        parameters.set(name, key)
        return `${pathOf(path)}?${parameters.toString()}`
    }
    return [withSegment(request, pathOf(path), name, key), ...query].join("?")
}

/** Two slashes at its start, or a host, would lead to another site. */
function pathOf(url: string): string {
    const path = url.replace(/^[a-z][a-z\d+.-]*:\/\/[^/]*/i, "")
    return `/${path.replace(/^[/\\]+/, "")}`
}

/** A key may be the same text as another part of the path, so the pattern says which one it is. */
function withSegment(request: KeyRequest, path: string, name: string, key: string): string {
    const { params } = request
    const pattern = request.route?.path ?? request.routeOptions?.url
    // Braces surround what is optional.
    const parts = typeof pattern === "string" ? pattern.replace(/[{}]/g, "").split("/") : []
    const part = parts.find((one) => namesIn(one).includes(name)) ?? ""
    const segments = path.split("/")
    // From the end, as an application may be mounted below a path. Nest takes the slash off the end of a pattern.
    const fromEnd = parts.length - parts.lastIndexOf(part)
    const place = segments.length - fromEnd - (path.endsWith("/") ? 1 : 0)
    const isIt = part !== "" && filled(part, params) === decode(segments[place] ?? "")
    if (isIt) segments[place] = filled(part, { ...params, [name]: key }, encodeURIComponent)
    return isIt ? segments.join("/") : withLast(segments, params[name] ?? "", key)
}

const PARAMETER = /:(\w+)(?:\([^)]*\))?[?*+]?/g

function namesIn(part: string): (string | undefined)[] {
    return [...part.matchAll(PARAMETER)].map(([, name]) => name)
}

/** A part of a pattern with its parameters in their places. */
function filled(
    part: string,
    params: KeyRequest["params"],
    encode = (text: string) => text,
): string {
    return part.replace(PARAMETER, (_, name: string) => encode(params[name] ?? ""))
}

/** Where the pattern doesn't tell: the last segment that is the key, or has it in it. */
function withLast(segments: readonly string[], old: string, key: string): string {
    const texts = segments.map(decode)
    const whole = texts.lastIndexOf(old)
    const place = whole >= 0 ? whole : texts.map((text) => text.includes(old)).lastIndexOf(true)
    const text = texts[place] ?? ""
    const at = text.lastIndexOf(old)
    const changed = [text.slice(0, at), key, text.slice(at + old.length)]
    return segments
        .map((one, i) =>
            i === place ? changed.map((part) => encodeURIComponent(part)).join("") : one,
        )
        .join("/")
}

function decode(segment: string): string {
    try {
        return decodeURIComponent(segment)
    } catch {
        return segment
    }
}
