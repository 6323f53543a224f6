import type { DataSource, EntityManager, EntityTarget, ObjectLiteral } from "typeorm"
import { checkedOptions, refuseOther, TEXT, TEXT_OR_NONE } from "../../declared/options"
import { SettingInUseError, UnsupportedError } from "../../errors"
import type { LastNumber } from "../../dialects/dialect"
import { counterSeriesOf } from "../../numbers/counters/counter-series"
import { raiseCounters } from "../../numbers/counters/raise-counters"
import type { PropertyPath } from "../../keys/property-path"
import {
    readSettings,
    settingKeysOf,
    withoutPeriod,
    writeSetting,
} from "../../numbers/journal/settings"
import { checkedReason, type ReasonOptions } from "../../numbers/journal/with-reason"
import { writeEvents } from "../../numbers/journal/write-events"
import { parseNumber } from "../../numbers/number-values"
import { lockTables } from "../../numbers/table-lock/table-lock"
import { Session } from "../../inserts/session"
import { CODE_LENGTH } from "../../series/documents/check-format"
import { keepsSettings } from "../../series/journal"
import { civilDateOf, civilText } from "../../series/periods/civil-date"
import { hasCounters, placeOf, type Series } from "../../series/series"
import { sharersOf } from "../../series/sharers"
import { select, type Sender } from "../../typeorm/statement"
import { onTarget } from "../connection"
import { givenScope, keyOfScope } from "../series/given-scope"
import { HandledSeries } from "../series/handled-series"
import { findLastOf } from "../series/last-number"
import { periodNames } from "../series/scope-period"
import { raiseTo } from "../series/set-next"
import type { SeriesNumber, SeriesScope } from "../series/types"
import { columnKey, type SequenceKey } from "../scope"
import type { SequenceTarget } from "../types"
import { type CounterPlace, lockCounter, markCounter, readCounter } from "./lock-counter"
import { refuseFormatOf } from "./refuse-format"
import type { SeriesSettings } from "./series-settings"
import { findCode, periodOf, wholeKey } from "./setting-keys"
import type { AllSettings, FormatOptions, PeriodReasonOptions, SeriesFormat } from "./types"

/** @internal The part of a handle that is about the settings of a scope. */
export class SettingsHandle<Entity extends ObjectLiteral, Path extends PropertyPath<Entity>>
    extends HandledSeries<Entity, Path>
    implements SeriesSettings<SeriesNumber<Entity, Path>>
{
    constructor(
        dataSource: DataSource,
        entity: EntityTarget<Entity>,
        property: Path,
        private readonly scope: SeriesScope<Entity>,
    ) {
        super(dataSource, entity, property)
    }

    async close(manager: EntityManager, options: PeriodReasonOptions): Promise<void> {
        const { period, ...said } = this.reasonOf(options)
        const series = this.closable()
        const key = await this.ownKey(series, manager, period)
        await this.write(series, manager, async (sender) => {
            const place = await columnKey(sender, series, key)
            const last = await lockCounter(sender, series, place)
            await markCounter(sender, series, place.key, true)
            const details = { last: String(last) }
            await writeEvents(
                sender,
                series.name,
                [{ kind: "close", key: place.key, details }],
                said,
            )
        })
    }

    async reopen(manager: EntityManager, options: PeriodReasonOptions): Promise<void> {
        const { period, ...said } = this.reasonOf(options)
        const series = this.closable()
        const key = await this.ownKey(series, manager, period)
        await this.write(series, manager, async (sender) => {
            const place = await columnKey(sender, series, key)
            const found = await readCounter(sender, series, place.key)
            if (!found?.isClosed)
                this.refuse("the scope can't be reopened, because it is not closed.")
            await markCounter(sender, series, place.key, false)
            await raisePastRows(sender, series, place)
            await writeEvents(sender, series.name, [{ kind: "reopen", key: place.key }], said)
        })
    }

    async isClosed(manager: SequenceTarget = this.dataSource): Promise<boolean> {
        const series = this.journaled()
        if (!hasCounters(series)) return false
        const key = await this.ownKey(series, manager)
        return this.read(manager, async (sender) => {
            const place = await columnKey(sender, series, key)
            const found = await readCounter(sender, series, place.key, { isLocking: false })
            return found?.isClosed ?? false
        })
    }

    async formats(manager: SequenceTarget = this.dataSource): Promise<SeriesFormat[]> {
        const series = this.settable()
        const { key } = await this.keyWithoutPeriod(series, manager)
        return this.read(manager, async (sender) => {
            const found = await readSettings(sender, series, [await wholeKey(sender, series, key)])
            return found
                .filter(({ name }) => name === "format")
                .map(({ since, value }) => ({ since, format: value }))
        })
    }

    async setFormat(manager: EntityManager, options: FormatOptions): Promise<void> {
        const {
            since = "",
            format,
            reason,
            by,
        } = checkedOptions(this.label, options, {
            since: TEXT_OR_NONE,
            format: TEXT,
            reason: TEXT,
            by: TEXT_OR_NONE,
        })
        const said = checkedReason(this.label, { reason, ...(by !== undefined && { by }) })
        refuseOther("format is", format, TEXT, this.refuse)
        const date = since === "" ? undefined : civilDateOf(since)
        if (since !== "" && (!date || civilText(date) !== since))
            this.refuse(`since is "${since}", give a date such as "2026-07-01", or leave it out.`)
        const series = this.settable()
        const { key } = await this.keyWithoutPeriod(series, manager)
        await this.write(series, manager, async (sender) => {
            await refuseFormatOf(sender, series, key, { format, refuse: this.refuse })
            const scope = await wholeKey(sender, series, key)
            const setting = { scope, name: "format" as const, since, value: format }
            const before = await writeSetting(sender, series, setting)
            const details = { since, before, after: format }
            await writeEvents(sender, series.name, [{ kind: "format", key: scope, details }], said)
        })
    }

    async code(manager: SequenceTarget = this.dataSource): Promise<string | null> {
        const series = this.settable()
        const key = await this.ownKey(series, manager)
        return this.read(manager, (sender) => findCode(sender, series, key))
    }

    async setCode(
        manager: EntityManager,
        code: string,
        options: PeriodReasonOptions,
    ): Promise<void> {
        const { period, ...said } = this.reasonOf(options)
        refuseOther("the code is", code, TEXT, this.refuse)
        if (code.length > CODE_LENGTH)
            this.refuse(`the code has ${code.length} characters, give at most ${CODE_LENGTH}.`)
        const series = this.settable()
        const key = await this.ownKey(series, manager, period)
        await this.write(series, manager, async (sender) => {
            const place = await columnKey(sender, series, key)
            await this.refuseNumbers(sender, series, key, place, "code")
            const since = periodOf(series, key)
            const [scope = ""] = await settingKeysOf(sender, series, [place.scope])
            const setting = { scope, name: "code" as const, since, value: code }
            const before = await writeSetting(sender, series, setting)
            const details = { since, before, after: code }
            await writeEvents(sender, series.name, [{ kind: "code", key: scope, details }], said)
        })
    }

    async setFirstNumber(
        manager: EntityManager,
        number: number | string | bigint,
        options: ReasonOptions,
    ): Promise<void> {
        const said = checkedReason(this.label, options)
        const series = this.journaled()
        if (!hasCounters(series)) throw noCounter(series, "have another first number")
        const key = await this.ownKey(series, manager)
        await this.write(series, manager, async (sender) => {
            const place = await columnKey(sender, series, key)
            await this.refuseNumbers(sender, series, key, place, "first number")
            await raiseTo(sender, series, key, number, said)
        })
    }

    async all(
        manager: SequenceTarget = this.dataSource,
    ): Promise<AllSettings<SeriesNumber<Entity, Path>>> {
        const series = this.journaled()
        const { hasPeriod } = await this.keyWithoutPeriod(series, manager)
        const isOne = !series.period || hasPeriod
        const isSettable = keepsSettings(series)
        const key = isOne && (await this.ownKey(series, manager))
        const last = key && (await this.read(manager, (sender) => findLastOf(sender, series, key)))
        return {
            isClosed: isOne ? await this.isClosed(manager) : false,
            code: isOne && isSettable ? await this.code(manager) : null,
            formats: isSettable ? await this.formats(manager) : [],
            last: typeof last === "bigint" ? this.shown(series, last) : null,
        }
    }

    /** The scope with its period, which may be given beside it. */
    private ownKey(series: Series, manager: SequenceTarget, period?: string): Promise<SequenceKey> {
        const whole = period === undefined ? this.scope : { ...this.scope, period }
        return this.keyOf(series, whole, this.targetOf(manager))
    }

    private async keyWithoutPeriod(
        series: Series,
        manager: SequenceTarget,
    ): Promise<{ key: SequenceKey; hasPeriod: boolean }> {
        const values = givenScope(series, this.scope, this.refuse)
        const names = series.period ? periodNames(series.period) : []
        const read = this.readerOf(this.targetOf(manager))
        return {
            key: await keyOfScope(read, withoutPeriod(series), values),
            hasPeriod: names.some((name) => values.given.get(name) !== undefined),
        }
    }

    /** Runs work on the caller's connection, in a transaction. */
    private write(
        { name }: Series,
        manager: EntityManager,
        work: (sender: Sender) => Promise<void>,
    ): Promise<void> {
        return onTarget(this.targetOf(manager), work, { name, needsTransaction: true })
    }

    private read<T>(manager: SequenceTarget, work: (sender: Sender) => Promise<T>): Promise<T> {
        return onTarget(this.targetOf(manager), work)
    }

    /** Locks the counter, so that none comes meanwhile. */
    private async refuseNumbers(
        sender: Sender,
        series: Series,
        key: SequenceKey,
        place: CounterPlace,
        what: string,
    ): Promise<void> {
        if (hasCounters(series)) await lockCounter(sender, series, place)
        else if (sender instanceof Session) await lockTables(sender, [series.metadata])
        const last = await findLastOf(sender, series, key)
        if (last !== null)
            throw new SettingInUseError(
                `The ${what} of a scope of ${placeOf(series)} can't be set any more: the scope has numbers, up to ` +
                    `${last}. It must be set before the first number. Nothing was written.`,
            )
    }

    private reasonOf(options: PeriodReasonOptions): PeriodReasonOptions {
        const { period, ...said } = Object(options) as PeriodReasonOptions
        return { ...checkedReason(this.label, said), ...(period !== undefined && { period }) }
    }

    private closable(): Series {
        const series = this.journaled()
        if (!hasCounters(series)) throw noCounter(series, "be closed")
        if (!series.gapless)
            throw new UnsupportedError(
                `${placeOf(series)} can't be closed: with gapless: false numbers may be taken ahead. Declare it ` +
                    "without that option.",
            )
        return series
    }

    private settable(): Series {
        const series = this.journaled()
        if (!keepsSettings(series))
            this.refuse(
                "it has no settings that can be changed while the application runs. Declare the column with " +
                    "settings: true, and generate a migration.",
            )
        return series
    }
}

/** A counter that was closed did not follow rows that came all the same. */
async function raisePastRows(
    sender: Sender,
    series: Series,
    { key, scope }: CounterPlace,
): Promise<void> {
    for (const sharer of sharersOf(series)) {
        const [row] = await select<LastNumber>(sender, series.dialect.lastNumbers(sharer, [scope]))
        const to = parseNumber(row?.last)
        if (to !== undefined) await raiseCounters(sender, counterSeriesOf(series), [{ key, to }])
    }
}

function noCounter(series: Series, what: string): UnsupportedError {
    return new UnsupportedError(
        `${placeOf(series)} can't ${what}: strategy "${series.strategy}" has no counter to store that in. ` +
            'Declare strategy "counter".',
    )
}
