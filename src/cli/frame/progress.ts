import type * as CliProgress from "cli-progress"

/** Work that is done before needs none. */
const AFTER_MS = 1000

/**
 * Shows that work goes on, once it takes longer than a second, and how far it has come where it tells; nothing
 * where nobody sees it.
 * @internal
 */
export class Progress {
    private bar: CliProgress.SingleBar | undefined
    private told = { done: 0, total: 0 }
    private readonly began: NodeJS.Timeout | undefined

    constructor(
        isSeen: boolean,
        private readonly unit: string,
    ) {
        if (!isSeen) return
        this.began = setTimeout(() => (this.bar = this.start()), AFTER_MS)
        // Whoever interrupts it wants the cursor back.
        process.once("SIGINT", this.end).once("SIGTERM", this.end)
    }

    readonly tell = (told: { readonly done: number; readonly total: number }): void => {
        this.told = told
        this.bar?.setTotal(told.total)
        this.bar?.update(told.done)
    }

    readonly end = (): void => {
        process.off("SIGINT", this.end).off("SIGTERM", this.end)
        clearTimeout(this.began)
        this.bar?.stop()
        this.bar = undefined
    }

    private start(): CliProgress.SingleBar {
        // oxlint-disable-next-line typescript/no-require-imports -- it is loaded where there is a bar
        const { Format, SingleBar } = require("cli-progress") as typeof CliProgress
        const bar = new SingleBar({
            format: (options, { progress, total, value, startTime }) => {
                const seconds = Math.round((Date.now() - startTime + AFTER_MS) / 1000)
                if (total === 0) return `Working, ${seconds} s`
                return `${Format.BarFormat(progress, options)} ${value} of ${total} ${this.unit}, ${seconds} s`
            },
            // What does not fit into a line is cut off, and the numbers stand at its end.
            barsize: Math.max(0, Math.min(40, process.stderr.columns - 36)),
            stream: process.stderr,
            clearOnComplete: true,
            hideCursor: true,
        })
        bar.start(this.told.total, this.told.done)
        return bar
    }
}
