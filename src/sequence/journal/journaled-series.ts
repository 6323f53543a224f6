import type { EntityManager, ObjectLiteral } from "typeorm"
import { ANYTHING, checkedOptions, LIST } from "../../declared/options"
import type { PropertyPath } from "../../keys/property-path"
import { UnsupportedError } from "../../errors"
import { Session } from "../../inserts/session"
import { checkedReason } from "../../numbers/journal/with-reason"
import { refuseNoOwnNumber } from "../../numbers/number-values"
import { placeOf } from "../../series/series"
import { HandledSeries } from "../series/handled-series"
import { onTarget } from "../connection"
import { findRow } from "./find-row"
import { isVoided, readEvents } from "./read-events"
import type { SeriesSettings } from "./series-settings"
import { SettingsHandle } from "./settings-handle"
import { skipRange } from "./skip-range"
import type { EventsOptions, SeriesEvent, SkipOptions, VoidOptions } from "./types"
import { voidRow } from "./void-row"
import { columnKey } from "../scope"
import type { SequenceTarget } from "../types"
import { load, refuseSet, showOn } from "../series/rows/ask-rows"
import { refuseNoCounter } from "../series/found-series"
import { givenRows } from "../series/rows/given-rows"
import type { SeriesNumber, SeriesRow, SeriesScope } from "../series/types"

/** @internal The part of a handle that writes and reads the journal. */
export class JournaledSeries<
    Entity extends ObjectLiteral,
    Path extends PropertyPath<Entity>,
> extends HandledSeries<Entity, Path> {
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
                showOn(Session.of(inner.queryRunner), series, given, stored, { set })
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
                `Numbers of ${placeOf(series)} can't be skipped: with gapless: false numbers may be lost or taken ` +
                    "ahead anyway.",
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
                keys: key && [(await columnKey(sender, series, key)).key],
                from: from === undefined ? undefined : refuseNoOwnNumber(series, from),
                to: to === undefined ? undefined : refuseNoOwnNumber(series, to),
                kinds,
            }),
        )
        const shown = (number: bigint | null) =>
            number === null ? null : this.shown(series, number)
        return found.map((one) => ({ ...one, first: shown(one.first), last: shown(one.last) }))
    }

    settings(scope: SeriesScope<Entity> = {}): SeriesSettings<SeriesNumber<Entity, Path>> {
        return new SettingsHandle(this.dataSource, this.entity, this.property, scope)
    }
}
