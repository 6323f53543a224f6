import type { EntityManager, ObjectLiteral } from "typeorm"
import type { PropertyPath } from "../../keys/property-path"
import type { NextOptions, SequenceTarget } from "../types"
import type { NumberPreview, SeriesNumber, SeriesScope, SetNextOptions } from "./types"

/** The handle of a numbered column: what {@link seriesOf} makes. */
export interface NumberSeries<Entity extends ObjectLiteral, Path extends PropertyPath<Entity>> {
    /**
     * The last number of a scope, `null` before the first: that of its counter, or with strategy `"table-lock"` the
     * highest that a row has.
     *
     * It is read on a connection of its own. Inside of a transaction give its manager as well.
     */
    last(
        scope?: SeriesScope<Entity>,
        manager?: SequenceTarget,
    ): Promise<SeriesNumber<Entity, Path> | null>

    /**
     * The number that comes next in a scope. Nothing is taken: it is that of whoever comes first.
     *
     * It is read on a connection of its own. Inside of a transaction give its manager as well.
     */
    preview(
        scope?: SeriesScope<Entity>,
        manager?: SequenceTarget,
    ): Promise<NumberPreview<SeriesNumber<Entity, Path>>>

    /**
     * Takes the next number of a scope from its counter, for a row that is written otherwise than by TypeORM. In a
     * transaction it is given back where that is rolled back; without one a number that is not used is a gap.
     */
    next(
        manager: SequenceTarget,
        scope?: SeriesScope<Entity>,
        options?: NextOptions,
    ): Promise<SeriesNumber<Entity, Path>>

    /** Takes several numbers by one statement, in their order: up to 10 000 000. */
    nextMany(
        manager: SequenceTarget,
        scope: SeriesScope<Entity>,
        count: number,
        options?: NextOptions,
    ): Promise<SeriesNumber<Entity, Path>[]>

    /**
     * Lets a scope go on at a number, as where another program has numbered up to now. It only ever raises: a
     * number that was given, or that a row has, is refused ({@link NumberTakenError}). Those in between are a gap.
     */
    setNext(
        manager: EntityManager,
        scope: SeriesScope<Entity>,
        number: number | string | bigint,
        options?: SetNextOptions,
    ): Promise<void>
}
