import type { DataSource, EntityManager, EntityTarget, ObjectLiteral } from "typeorm"
import {
    checkedOptions,
    OBJECT,
    type Refuse,
    refuserOf,
    TEXT_OR_NONE,
} from "../../declared/options"
import { show } from "../../declared/show"
import type { PropertyPath } from "../../keys/property-path"
import { shownNumber } from "../../numbers/number-values"
import type { Series } from "../../series/series"
import { nameOfEntity } from "../../typeorm/given"
import { select } from "../../typeorm/statement"
import { isTarget, onTarget, resolveTarget, type Target } from "../connection"
import { isNowait, refuseCount } from "../rule"
import type { SequenceKey } from "../scope"
import { takeNumbers } from "../take"
import type { NextOptions, SequenceTarget } from "../types"
import type { ScopeAudit } from "../../audit/types"
import { type Asking, askForRows, refuseSet } from "./ask-rows"
import { findSeries, refuseNoCounter, ruleOfSeries } from "./found-series"
import { givenRows } from "./given-rows"
import { givenScope, keyOfScope } from "./given-scope"
import { auditScope } from "./audit-scope"
import { findLastOf, numberAfter } from "./last-number"
import type { NumberSeries } from "./number-series"
import { rowOrder } from "./row-order"
import type { Read } from "./scope-period"
import { raiseTo } from "./set-next"
import type {
    AssignOptions,
    MoveOptions,
    NumberPreview,
    SeriesNumber,
    SeriesRow,
    SeriesScope,
    SetNextOptions,
} from "./types"

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

    assign(
        manager: SequenceTarget,
        row: SeriesRow<Entity>,
        options?: AssignOptions<Entity>,
    ): Promise<Entity>
    assign(
        manager: SequenceTarget,
        rows: readonly SeriesRow<Entity>[],
        options?: AssignOptions<Entity>,
    ): Promise<Entity[]>
    async assign(
        manager: SequenceTarget,
        rows: unknown,
        options: AssignOptions<Entity> = {},
    ): Promise<Entity | Entity[]> {
        const { set = {}, orderBy } = checkedOptions(this.label, options, {
            set: OBJECT,
            orderBy: OBJECT,
        })
        const all: readonly unknown[] = Array.isArray(rows) ? rows : [rows]
        const series = this.series()
        const order = rowOrder(series, orderBy, this.refuse)
        const found = await this.ask(manager, series, all, { kind: "assign", set, orderBy: order })
        return Array.isArray(rows) ? found : (found[0] as Entity)
    }

    async move(
        manager: SequenceTarget,
        row: SeriesRow<Entity>,
        options: MoveOptions<Entity>,
    ): Promise<Entity> {
        const { set } = checkedOptions(this.label, options, { set: OBJECT })
        const [found] = await this.ask(manager, this.series(), [row], { kind: "move", set })
        return found as Entity
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
        await onTarget(target, (sender) => raiseTo(sender, series, key, number), {
            name: series.name,
            needsTransaction: true,
        })
    }

    async audit(scope: SeriesScope<Entity> = {}): Promise<ScopeAudit> {
        const series = this.series()
        const key = await this.keyOf(series, scope, this.targetOf(this.dataSource))
        return auditScope(series, key)
    }

    private async ask(
        target: SequenceTarget,
        series: Series,
        given: readonly unknown[],
        asking: Asking,
    ): Promise<Entity[]> {
        this.targetOf(target)
        refuseSet(series, asking, this.refuse)
        const rows = givenRows(series.metadata, given, this.refuse)
        if (rows.size === 0) return []
        const manager = "manager" in target ? target.manager : target
        const work = (inner: EntityManager) => askForRows(inner, series, rows, asking)
        const found = manager.queryRunner?.isTransactionActive
            ? await work(manager)
            : await manager.transaction(work)
        return found as Entity[]
    }

    private async look(
        scope: SeriesScope<Entity>,
        manager: SequenceTarget = this.dataSource,
    ): Promise<{ series: Series; last: bigint | null }> {
        const series = this.series()
        const target = this.targetOf(manager)
        const key = await this.keyOf(series, scope, target)
        const last = await onTarget(target, (sender) => findLastOf(sender, series, key))
        return { series, last }
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

    private targetOf(manager: SequenceTarget): Target {
        if (!isTarget(manager))
            this.refuse(`it was given ${show(manager)}, give the EntityManager of a transaction.`)
        const target = resolveTarget(manager)
        if (target.dataSource !== this.dataSource)
            this.refuse("it was given the manager of another data source. Give one of its own.")
        return target
    }

    private keyOf(series: Series, scope: unknown, target: Target): Promise<SequenceKey> {
        const read: Read = (statement) => onTarget(target, (sender) => select(sender, statement))
        return keyOfScope(read, series, givenScope(series, scope, this.refuse))
    }

    private shown(series: Series, number: bigint): SeriesNumber<Entity, Path> {
        return shownNumber(series, number) as SeriesNumber<Entity, Path>
    }
}
