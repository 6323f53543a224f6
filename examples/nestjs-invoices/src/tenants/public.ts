import { Reflector } from "@nestjs/core"

/** A controller that needs no API key. */
export const Public = Reflector.createDecorator<undefined, true>({ transform: () => true })
