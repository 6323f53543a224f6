import type { DataSource, DeepPartial, EntityManager, EntityTarget, ObjectLiteral } from "typeorm"
import {
    ANYTHING,
    checkedOptions,
    FUNCTION,
    integerFrom,
    LIST,
    OBJECT,
    type Refuse,
    refuseOther,
    refuserOf,
    TEXT_OR_NONE,
} from "../../declared/options"
import { show } from "../../declared/show"
import type { PropertyPath } from "../../keys/property-path"
import { UnsupportedError } from "../../errors"
import { Session } from "../../inserts/session"
import { withoutPeriod } from "../../numbers/journal/settings"
import { checkedReason, saying } from "../../numbers/journal/with-reason"
import { refuseNoNumber, shownNumber } from "../../numbers/number-values"
import { parseText } from "../../series/documents/parse-text"
import { keepsJournal } from "../../series/journal"
import { placeOf, type Series } from "../../series/series"
import { nameOfEntity } from "../../typeorm/given"
import { select } from "../../typeorm/statement"
import { importRows } from "../imports/import-rows"
import type { ImportOptions, ImportResult } from "../imports/types"
import { isTarget, onTarget, resolveTarget, type Target } from "../connection"
import { findRow } from "../journal/find-row"
import { isVoided, readEvents } from "../journal/read-events"
import type { SeriesSettings } from "../journal/series-settings"
import { SettingsHandle } from "../journal/settings-handle"
import { skipRange } from "../journal/skip-range"
import type { EventsOptions, SeriesEvent, SkipOptions, VoidOptions } from "../journal/types"
import { refuseVoided, voidRow } from "../journal/void-row"
import { isNowait, refuseCount } from "../rule"
import { columnKey, type SequenceKey } from "../scope"
import { takeNumbers } from "../take"
import type { NextOptions, SequenceTarget } from "../types"
import type { ScopeAudit } from "../../audit/types"
import { type Asking, askForRows, load, refuseSet, showOn } from "./ask-rows"
import { findSeries, refuseNoCounter, ruleOfSeries } from "./found-series"
import { givenRows } from "./given-rows"
import { givenScope, keyOfScope } from "./given-scope"
import { auditScope } from "./audit-scope"
import { findLastOf, numberAfter } from "./last-number"
import type { NumberSeries } from "./number-series"
import { previewText, settingsOfKey, splitScope } from "./preview-text"
import { rowOrder } from "./row-order"
import { dayOfScope, periodNames, type Read } from "./scope-period"
import { raiseTo } from "./set-next"
import type {
    AssignOptions,
    MoveOptions,
    NumberPreview,
    ParsedNumber,
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
        const { set, reason, by } = checkedOptions(this.label, options, {
            set: OBJECT,
            reason: TEXT_OR_NONE,
            by: TEXT_OR_NONE,
        })
        const said = { ...(reason !== undefined && { reason }), ...(by !== undefined && { by }) }
        const asking: Asking = { kind: "move", set, said }
        const [found] = await this.ask(manager, this.series(), [row], asking)
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
        const { counted, shown } = splitScope(this.series(), scope)
        const { series, key, last, period } = await this.look(counted, manager)
        const number = numberAfter(series, last)
        const target = this.targetOf(manager ?? this.dataSource)
        const read = this.readerOf(target)
        const values = givenScope(series, counted, this.refuse)
        const day = series.period && (await dayOfScope(read, series.period, values))
        const given = new Map([...values.given, ...shown])
        const settings = await onTarget(target, (sender) => settingsOfKey(sender, series, key))
        const text = await previewText(read, series, { given, day, period, settings }, number)
        return { number: this.shown(series, number), text, reserved: false }
    }

    parse(text: string): ParsedNumber<SeriesNumber<Entity, Path>> | null {
        const series = this.series()
        refuseOther("the text is", text, TEXT_OR_NONE, this.refuse)
        for (const document of series.documents) {
            const parts = parseText(document, text)
            if (!parts) continue
            const { number, period, values } = parts
            return { number: this.shown(series, number), ...(period && { period }), values }
        }
        return null
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
        const said = checkedOptions(this.label, options, {
            reason: TEXT_OR_NONE,
            by: TEXT_OR_NONE,
        })
        const series = this.counted()
        const target = this.targetOf(manager)
        const key = await this.keyOf(series, scope, target)
        await onTarget(target, (sender) => raiseTo(sender, series, key, number, said), {
            name: series.name,
            needsTransaction: true,
        })
    }

    async audit(scope: SeriesScope<Entity> = {}): Promise<ScopeAudit> {
        const series = this.series()
        const key = await this.keyOf(series, scope, this.targetOf(this.dataSource))
        return auditScope(series, key)
    }

    async void(
        manager: SequenceTarget,
        row: SeriesRow<Entity>,
        options: VoidOptions<Entity>,
    ): Promise<Entity> {
        const { set = {}, ...said } = Object(options) as VoidOptions<Entity>
        const reason = checkedReason(this.label, said)
        const series = this.journaled()
        this.targetOf(manager)
        refuseSet(series, { kind: "assign", set }, this.refuse)
        const [own] = givenRows(series.metadata, [row], this.refuse).values()
        const { id, given } = own as { id: ObjectLiteral; given: unknown }
        const work = async (inner: EntityManager) => {
            await voidRow(inner, series, id, { set, ...reason })
            const [stored] = (await load(inner, series, [id], set)).values()
            if (stored && typeof given === "object" && given && inner.queryRunner)
                showOn(Session.of(inner.queryRunner), series, given, stored, set)
            return stored as Entity
        }
        return this.inTransaction(manager, work)
    }

    async isVoid(row: SeriesRow<Entity>, manager?: SequenceTarget): Promise<boolean> {
        const series = this.journaled()
        const [own] = givenRows(series.metadata, [row], this.refuse).values()
        const { id } = own as { id: ObjectLiteral }
        return onTarget(this.targetOf(manager ?? this.dataSource), async (sender) => {
            const found = await findRow(sender, series, id, { isLocking: false })
            if (found?.number === undefined) return false
            return isVoided(sender, series.name, { key: found.key, number: found.number })
        })
    }

    async skip(
        manager: EntityManager,
        scope: SeriesScope<Entity>,
        options: SkipOptions,
    ): Promise<void> {
        const { from, to, ...said } = Object(options) as SkipOptions
        const reason = checkedReason(this.label, said)
        const series = this.journaled()
        refuseNoCounter(series, this.refuse)
        if (!series.gapless)
            throw new UnsupportedError(
                `${placeOf(series)}: numbers were to be skipped, and they may be lost or taken ahead anyway (gapless: false).`,
            )
        const target = this.targetOf(manager)
        const key = await this.keyOf(series, scope, target)
        await onTarget(
            target,
            (sender) => skipRange(sender, series, key, { from, to, ...reason }),
            { name: series.name, needsTransaction: true },
        )
    }

    async events(
        scope?: SeriesScope<Entity>,
        options: EventsOptions = {},
        manager: SequenceTarget = this.dataSource,
    ): Promise<SeriesEvent<SeriesNumber<Entity, Path>>[]> {
        const { from, to, kinds } = checkedOptions(this.label, options, {
            from: ANYTHING,
            to: ANYTHING,
            kinds: LIST,
        })
        const series = this.journaled()
        const target = this.targetOf(manager)
        const key = scope && (await this.keyOf(series, scope, target))
        const found = await onTarget(target, async (sender) =>
            readEvents(sender, {
                series: series.name,
                keys: key && [(await columnKey(sender, series.name, series, key)).key],
                from: from === undefined ? undefined : refuseNoNumber(series, from),
                to: to === undefined ? undefined : refuseNoNumber(series, to),
                kinds,
            }),
        )
        const shown = (number: bigint | null) =>
            number === null ? null : this.shown(series, number)
        return found.map((one) => ({ ...one, first: shown(one.first), last: shown(one.last) }))
    }

    async import(
        manager: SequenceTarget,
        rows: readonly DeepPartial<Entity>[],
        options: ImportOptions,
    ): Promise<ImportResult> {
        const { formats, batchSize, onProgress, ...given } = Object(options) as ImportOptions
        const said = checkedReason(this.label, given)
        const own = checkedOptions(
            this.label,
            {
                ...(formats !== undefined && { formats }),
                ...(batchSize !== undefined && { batchSize }),
                ...(onProgress !== undefined && { onProgress }),
            },
            { formats: LIST, batchSize: integerFrom(1), onProgress: FUNCTION },
        )
        refuseOther("the rows are", rows, LIST, this.refuse)
        for (const row of rows) refuseOther("a row is", row, OBJECT, this.refuse)
        const series = this.series()
        this.targetOf(manager)
        return this.inTransaction(manager, (inner) =>
            importRows(
                inner,
                series,
                rows as unknown as ObjectLiteral[],
                { ...own, ...said },
                this.refuse,
            ),
        )
    }

    settings(scope: SeriesScope<Entity> = {}): SeriesSettings<SeriesNumber<Entity, Path>> {
        return new SettingsHandle({
            label: this.label,
            refuse: this.refuse,
            series: () => this.journaled(),
            target: (given = this.dataSource) => given,
            shown: (series, number) => this.shown(series, number),
            keyOf: (period, target) => {
                const whole = period === undefined ? scope : { ...scope, period }
                return this.keyOf(this.journaled(), whole, this.targetOf(target))
            },
            wholeKeyOf: async (target) => {
                const series = this.journaled()
                const values = givenScope(series, scope, this.refuse)
                const names = series.period ? periodNames(series.period) : []
                const own = this.readerOf(this.targetOf(target))
                return {
                    key: await keyOfScope(own, withoutPeriod(series), values),
                    hasPeriod: names.some((name) => values.given.get(name) !== undefined),
                }
            },
            write: (manager, work) =>
                onTarget(this.targetOf(manager), work, {
                    name: this.series().name,
                    needsTransaction: true,
                }),
            read: (given = this.dataSource, work) => onTarget(this.targetOf(given), work),
        })
    }

    /** Refuses a column of which no journal is kept. */
    private journaled(): Series {
        const series = this.series()
        if (!keepsJournal(series))
            this.refuse(
                "it keeps no journal, where this is written. Declare the column with journal: true, and generate a migration.",
            )
        return series
    }

    private inTransaction<T>(
        target: SequenceTarget,
        work: (manager: EntityManager) => Promise<T>,
    ): Promise<T> {
        const manager = "manager" in target ? target.manager : target
        return manager.queryRunner?.isTransactionActive ? work(manager) : manager.transaction(work)
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
        const work = async (inner: EntityManager) => {
            if (asking.kind === "move" && keepsJournal(series))
                for (const { id } of rows.values()) await refuseVoided(inner, series, id)
            const ask = () => askForRows(inner, series, rows, asking)
            const { said = {} } = asking
            return inner.queryRunner && Object.keys(said).length > 0
                ? saying(Session.of(inner.queryRunner), series.dialect, said, ask)
                : ask()
        }
        return (await this.inTransaction(target, work)) as Entity[]
    }

    private async look(
        scope: SeriesScope<Entity>,
        manager: SequenceTarget = this.dataSource,
    ): Promise<{ series: Series; key: SequenceKey; last: bigint | null; period?: string }> {
        const series = this.series()
        const target = this.targetOf(manager)
        const key = await this.keyOf(series, scope, target)
        const last = await onTarget(target, (sender) => findLastOf(sender, series, key))
        const period = series.period && String(key.values.at(-1))
        return { series, key, last, period }
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
        return keyOfScope(this.readerOf(target), series, givenScope(series, scope, this.refuse))
    }

    private readerOf(target: Target): Read {
        return (statement) => onTarget(target, (sender) => select(sender, statement))
    }

    private shown(series: Series, number: bigint): SeriesNumber<Entity, Path> {
        return shownNumber(series, number) as SeriesNumber<Entity, Path>
    }
}
