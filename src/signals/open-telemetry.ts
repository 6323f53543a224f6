import { subscribe, unsubscribe } from "node:diagnostics_channel"
import type { DataSource } from "typeorm"
import { checkedOptions, OBJECT } from "../declared/options"
import { InvalidOptionError } from "../errors"
import type { AutoSequenceMessages } from "./messages"

type Attributes = Record<string, string | number>

interface MetricOptions {
    readonly description: string
    readonly unit: string
    readonly advice?: { readonly explicitBucketBoundaries: number[] }
}

/** The parts of an `@opentelemetry/api` meter that are used. This package doesn't depend on it. */
export interface OpenTelemetryMeter {
    createHistogram(
        name: string,
        options?: MetricOptions,
    ): { record(value: number, attributes?: Attributes): void }
    createCounter(
        name: string,
        options?: MetricOptions,
    ): { add(value: number, attributes?: Attributes): void }
}

/** The parts of an `@opentelemetry/api` tracer that are used. */
export interface OpenTelemetryTracer {
    startSpan(
        name: string,
        options?: { kind?: number; startTime?: number; attributes?: Attributes },
    ): { end(endTime?: number): void }
}

/** Options of {@link reportToOpenTelemetry}. */
export interface OpenTelemetryOptions {
    /** `metrics.getMeter("typeorm-autosequence")`. Default: none. */
    meter?: OpenTelemetryMeter

    /**
     * `trace.getTracer("typeorm-autosequence")`: one span each time numbers are taken. Default:
     * none.
     */
    tracer?: OpenTelemetryTracer
}

const FORMS = { meter: OBJECT, tracer: OBJECT }
/** As the conventions advise for the duration of database operations, in seconds. */
const BOUNDARIES = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]
/** `SpanKind.CLIENT`. */
const CLIENT = 2

/**
 * Reports the messages of the `node:diagnostics_channel` channels to OpenTelemetry, for all data
 * sources of the process. You could write this helper yourself with the types of
 * {@link AutoSequenceMessages}. Returns a function that ends the reporting.
 *
 * Metrics: `autosequence.take.duration` (histogram, `s`), `autosequence.numbers.taken`,
 * `autosequence.retries`, `autosequence.numbers.lost` and `autosequence.gaps.refused` (counters).
 * Attributes: `db.system.name`, and if known `autosequence.series`, `autosequence.strategy`,
 * `autosequence.lost.reason`, `db.response.status_code` and `error.type`. Scopes are never
 * attributes: there are as many scopes as customers, and each would be a time series. The names of
 * `Sequence` objects are series too, so don't build them from data.
 *
 * Spans are named `autosequence.take <series>`, and are children of the span that is active when
 * numbers are taken.
 *
 * Errors: {@link InvalidOptionError} if neither a meter nor a tracer is given.
 *
 * ```ts
 * import { type OpenTelemetryMeter, reportToOpenTelemetry } from "typeorm-autosequence"
 *
 * // metrics.getMeter("typeorm-autosequence") of @opentelemetry/api
 * declare const meter: OpenTelemetryMeter
 *
 * const stop = reportToOpenTelemetry({ meter })
 * process.once("SIGTERM", stop)
 * ```
 */
export function reportToOpenTelemetry(options: OpenTelemetryOptions): () => void {
    const { meter, tracer } = checkedOptions("reportToOpenTelemetry", options, FORMS)
    if (!meter && !tracer)
        throw new InvalidOptionError(
            "reportToOpenTelemetry has nothing to report to. Give a meter or a tracer.",
        )
    const entries = [meter && metricsOf(meter), tracer && spansOf(tracer)].flatMap(
        (listeners) => Object.entries(listeners ?? {}) as [string, (message: unknown) => void][],
    )
    for (const [channel, listener] of entries) subscribe(channel, listener)
    return () => {
        for (const [channel, listener] of entries) unsubscribe(channel, listener)
    }
}

type Listeners = {
    [Channel in keyof AutoSequenceMessages]: (message: AutoSequenceMessages[Channel]) => void
}

function metricsOf(meter: OpenTelemetryMeter): Listeners {
    const duration = meter.createHistogram("autosequence.take.duration", {
        description: "How long it took to take numbers, including the wait for others.",
        unit: "s",
        advice: { explicitBucketBoundaries: BOUNDARIES },
    })
    const counter = (name: string, unit: string, description: string) =>
        meter.createCounter(`autosequence.${name}`, { unit, description })
    const taken = counter("numbers.taken", "{number}", "Numbers that were taken.")
    const retries = counter("retries", "{retry}", "Transactions that were retried.")
    const lost = counter("numbers.lost", "{number}", "Numbers that no row will have.")
    const refused = counter(
        "gaps.refused",
        "{refusal}",
        "Operations refused because they would have left a gap.",
    )
    return {
        "autosequence:take": ({ dataSource, series, strategy, count, durationMs }) => {
            const attributes = {
                ...of(dataSource, series),
                "autosequence.strategy": strategy,
            }
            duration.record(durationMs / 1000, attributes)
            taken.add(count, attributes)
        },
        "autosequence:retry": ({ dataSource, code }) => {
            retries.add(1, { ...of(dataSource), "db.response.status_code": code })
        },
        "autosequence:lost": ({ dataSource, series, count, reason }) => {
            lost.add(count, { ...of(dataSource, series), "autosequence.lost.reason": reason })
        },
        "autosequence:gap-refused": ({ dataSource, series, code }) => {
            refused.add(1, { ...of(dataSource, series), "error.type": code })
        },
    }
}

function spansOf(tracer: OpenTelemetryTracer): Pick<Listeners, "autosequence:take"> {
    return {
        "autosequence:take": ({ dataSource, series, strategy, count, startedAt, durationMs }) => {
            const span = tracer.startSpan(`autosequence.take ${series}`, {
                kind: CLIENT,
                startTime: startedAt,
                attributes: {
                    ...of(dataSource, series),
                    "autosequence.strategy": strategy,
                    "autosequence.count": count,
                },
            })
            span.end(startedAt + durationMs)
        },
    }
}

const SYSTEMS: Readonly<Record<string, string>> = {
    postgres: "postgresql",
    "better-sqlite3": "sqlite",
    sqljs: "sqlite",
}

function of({ options: { type } }: DataSource, series?: string): Attributes {
    return {
        "db.system.name": SYSTEMS[type] ?? type,
        ...(series !== undefined && { "autosequence.series": series }),
    }
}
