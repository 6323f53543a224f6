import type { DeepPartial, EntityManager, ObjectLiteral } from "typeorm"
import {
    checkedOptions,
    FUNCTION,
    integerFrom,
    LIST,
    OBJECT,
    refuseOther,
    TEXT_OR_NONE,
} from "../../declared/options"
import type { PropertyPath } from "../../keys/property-path"
import { Session } from "../../inserts/session"
import { checkedReason, saying } from "../../numbers/journal/with-reason"
import { parseText } from "../../series/documents/parse-text"
import { keepsJournal } from "../../series/journal"
import type { Series } from "../../series/series"
import { importRows } from "../imports/import-rows"
import type { ImportOptions, ImportResult } from "../imports/types"
import { onTarget } from "../connection"
import { JournaledSeries } from "../journal/journaled-series"
import { refuseVoided } from "../journal/void-row"
import { isNowait, refuseCount } from "../rule"
import type { SequenceKey } from "../scope"
import { takeNumbers } from "../take"
import type { NextOptions, SequenceTarget } from "../types"
import type { ScopeAudit } from "../../audit/types"
import { type Asking, askForRows, refuseSet } from "./rows/ask-rows"
import { ruleOfSeries } from "./found-series"
import { givenRows } from "./rows/given-rows"
import { givenScope } from "./given-scope"
import { auditScope } from "./audit-scope"
import { findLastOf, numberAfter, refuseClosedScope } from "./last-number"
import type { NumberSeries } from "./number-series"
import { previewText, settingsOfKey, splitScope } from "./preview-text"
import { rowOrder } from "./rows/row-order"
import { dayOfScope } from "./scope-period"
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
export class SeriesHandle<Entity extends ObjectLiteral, Path extends PropertyPath<Entity>>
    extends JournaledSeries<Entity, Path>
    implements NumberSeries<Entity, Path>
{
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
        const settings = await onTarget(target, async (sender) => {
            await refuseClosedScope(sender, series, key)
            return settingsOfKey(sender, series, key)
        })
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
}
