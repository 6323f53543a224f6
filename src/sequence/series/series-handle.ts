import type { DataSource, EntityManager, EntityTarget, ObjectLiteral } from "typeorm"
import { checkedOptions, type Refuse, refuserOf, TEXT_OR_NONE } from "../../declared/options"
import { show } from "../../declared/show"
import type { PropertyPath } from "../../keys/property-path"
import { shownNumber } from "../../numbers/number-values"
import type { Series } from "../../series/series"
import { nameOfEntity } from "../../typeorm/given"
import { select, type Sender } from "../../typeorm/statement"
import { isTarget, onFreeConnection, onHeldConnection, resolveTarget } from "../connection"
import { isNowait, refuseCount } from "../rule"
import type { SequenceKey } from "../scope"
import { takeNumbers } from "../take"
import type { NextOptions, SequenceTarget } from "../types"
import { findSeries, refuseNoCounter, ruleOfSeries } from "./found-series"
import { givenScope, keyOfScope } from "./given-scope"
import { findLastOf, numberAfter } from "./last-number"
import type { NumberSeries } from "./number-series"
import type { Read } from "./scope-period"
import { raiseTo } from "./set-next"
import type { NumberPreview, SeriesNumber, SeriesScope, SetNextOptions } from "./types"

/** @internal */
export class SeriesHandle<
    Entity extends ObjectLiteral,
    Path extends PropertyPath<Entity>,
> implements NumberSeries<Entity, Path> {
    private readonly label: string

    constructor(
        private readonly dataSource: DataSource,
        private readonly entity: EntityTarget<Entity>,
        private readonly property: Path,
    ) {
        this.label = `seriesOf ${nameOfEntity(entity) ?? show(entity)}.${property}`
    }

    async last(
        scope: SeriesScope<Entity> = {},
        manager?: SequenceTarget,
    ): Promise<SeriesNumber<Entity, Path> | null> {
        const { series, last } = await this.look(scope, manager)
        return last === null ? null : this.shown(series, last)
    }

    async preview(
        scope: SeriesScope<Entity> = {},
        manager?: SequenceTarget,
    ): Promise<NumberPreview<SeriesNumber<Entity, Path>>> {
        const { series, last } = await this.look(scope, manager)
        const number = numberAfter(series, last)
        return { number: this.shown(series, number), text: String(number), reserved: false }
    }

    async next(
        manager: SequenceTarget,
        scope: SeriesScope<Entity> = {},
        options: NextOptions = {},
    ): Promise<SeriesNumber<Entity, Path>> {
        const [number] = await this.nextMany(manager, scope, 1, options)
        return number as SeriesNumber<Entity, Path>
    }

    async nextMany(
        manager: SequenceTarget,
        scope: SeriesScope<Entity>,
        count: number,
        options: NextOptions = {},
    ): Promise<SeriesNumber<Entity, Path>[]> {
        const series = this.counted()
        const rule = ruleOfSeries(series)
        refuseCount(rule, count)
        const nowait = isNowait(rule, options)
        const target = this.targetOf(manager)
        const key = await this.keyOf(series, scope, target)
        if (count === 0) return []
        const numbers = await takeNumbers(target, { rule, key }, { count, nowait })
        return numbers.map((number) => this.shown(series, number))
    }

    async setNext(
        manager: EntityManager,
        scope: SeriesScope<Entity>,
        number: number | string | bigint,
        options: SetNextOptions = {},
    ): Promise<void> {
        checkedOptions(this.label, options, { reason: TEXT_OR_NONE, by: TEXT_OR_NONE })
        const series = this.counted()
        const target = this.targetOf(manager)
        const key = await this.keyOf(series, scope, target)
        await this.on(target, (sender) => raiseTo(sender, series, key, number), series)
    }

    private async look(
        scope: SeriesScope<Entity>,
        manager: SequenceTarget = this.dataSource,
    ): Promise<{ series: Series; last: bigint | null }> {
        const series = this.series()
        const target = this.targetOf(manager)
        const key = await this.keyOf(series, scope, target)
        return { series, last: await this.on(target, (sender) => findLastOf(sender, series, key)) }
    }

    private series(): Series {
        return findSeries(this.dataSource, this.entity, this.property)
    }

    private counted(): Series {
        const series = this.series()
        refuseNoCounter(series, this.refuse)
        return series
    }

    private readonly refuse: Refuse = (problem) => refuserOf(this.label)(problem)

    private targetOf(manager: SequenceTarget): ReturnType<typeof resolveTarget> {
        if (!isTarget(manager))
            this.refuse(`it was given ${show(manager)}, give the EntityManager of a transaction.`)
        const target = resolveTarget(manager)
        if (target.dataSource !== this.dataSource)
            this.refuse("it was given the manager of another data source. Give one of its own.")
        return target
    }

    private keyOf(
        series: Series,
        scope: unknown,
        target: ReturnType<typeof resolveTarget>,
    ): Promise<SequenceKey> {
        const read: Read = (statement) => this.on(target, (sender) => select(sender, statement))
        return keyOfScope(read, series, givenScope(series, scope, this.refuse))
    }

    /** On the connection that the caller holds, or on a free one; in a transaction where it takes numbers of a series. */
    private on<T>(
        { dataSource, runner }: ReturnType<typeof resolveTarget>,
        work: (sender: Sender) => Promise<T>,
        taken?: Series,
    ): Promise<T> {
        const options = taken ? { name: taken.name, needsTransaction: true } : {}
        return runner
            ? onHeldConnection(runner, work, options)
            : onFreeConnection(dataSource, work, options)
    }

    private shown(series: Series, number: bigint): SeriesNumber<Entity, Path> {
        return shownNumber(series, number) as SeriesNumber<Entity, Path>
    }
}
