import type { Strategy } from "./numbers/strategies"
import { isAutoSequenceSubscriber } from "./registry"

/**
 * What `withAutoSequence` leaves in the options of a data source. A text and no symbol: frameworks copy options by
 * their keys alone.
 */
const MARK = "typeorm-autosequence"

interface Marked {
    readonly [MARK]?: { readonly strategy?: Strategy }
    readonly subscribers?: unknown
}

/** @internal Options of a data source with the strategy of columns that name none; a former one stays. */
export function marked<Options extends object>(
    options: Options,
    strategy: Strategy | undefined,
): Options {
    const { [MARK]: former } = options as Marked
    return { ...options, [MARK]: { ...former, ...(strategy && { strategy }) } }
}

/** @internal The strategy of columns that name none. */
export function defaultStrategyOf({ options }: { readonly options: object }): Strategy {
    return (options as Marked)[MARK]?.strategy ?? "table-lock"
}

/** @internal What to do where a data source lacks one of the library's own tables among its entities. */
export function entitiesRemedy({ options }: { readonly options: object }): string {
    return MARK in options
        ? "withAutoSequence(options) added it, but something has replaced the entities since, as frameworks " +
              "do. Call withAutoSequence on the final options, or pass autoSequenceEntities to the framework " +
              "together with your own entities (docs/frameworks.md)."
        : "Create the data source with withAutoSequence(options), or add autoSequenceEntities to its entities."
}

/** @internal What to do where a data source has no subscriber of the library. */
export function subscriberRemedy({ options }: { readonly options: object }): string {
    const { subscribers } = options as Marked
    const isNamed = Object.values(Object(subscribers) as object).some(
        (one) => typeof one === "function" && isAutoSequenceSubscriber(one as object),
    )
    if (isNamed)
        return (
            "Its options name the subscriber, but were set after initialize(), which had already read them. Set " +
            "them before initialize(), or destroy() the data source and initialize() it again " +
            "(docs/frameworks.md)."
        )
    return MARK in options
        ? "withAutoSequence(options) added it, but something has replaced the subscribers since, as frameworks " +
              "do. Call withAutoSequence on the final options, or pass AutoSequenceSubscriber to the framework " +
              "together with your own subscribers (docs/frameworks.md)."
        : "Create the data source with withAutoSequence(options)."
}
