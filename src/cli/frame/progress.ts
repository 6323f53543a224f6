import type { SingleBar as SingleBarOf } from "cli-progress"

/** Work that is done before needs none. */
const AFTER_MS = 1000

/** @internal A bar for work that takes longer than a second; nothing where nobody sees it. */
export class Progress {
    private bar: SingleBarOf | undefined
    private readonly started = performance.now()

    constructor(
        private readonly isSeen: boolean,
        private readonly unit = "series",
    ) {}

    readonly tell = ({ done, total }: { readonly done: number; readonly total: number }): void => {
        if (!this.isSeen || performance.now() - this.started < AFTER_MS) return
        if (!this.bar) {
            // eslint-disable-next-line @typescript-eslint/no-require-imports -- it is loaded where there is a bar
            const { SingleBar } = require("cli-progress") as { SingleBar: typeof SingleBarOf }
            this.bar = new SingleBar({
                format: `{bar} {value} of {total} ${this.unit}`,
                stream: process.stderr,
                clearOnComplete: true,
                hideCursor: true,
            })
            this.bar.start(total, done)
        }
        this.bar.update(done)
    }

    end(): void {
        this.bar?.stop()
    }
}
