import { join } from "node:path"

const LIBRARY = join(__dirname, "../../src/")

/**
 * Runs `work` while the timers are what `jest.useFakeTimers()` makes of them: nothing that they are
 * given is ever called. Node and the drivers had theirs before, as with jest, so that only the
 * library finds `process.nextTick` and `queueMicrotask` replaced.
 */
export async function withFakeTimers<T>(work: () => Promise<T>): Promise<T> {
    const real = { setTimeout, setInterval, setImmediate, queueMicrotask }
    const { nextTick } = process
    const isCalledByLibrary = () => new Error().stack?.split("\n")[3]?.includes(LIBRARY)
    const fake =
        <Args extends unknown[]>(timer: (...args: Args) => unknown) =>
        (...args: Args) =>
            isCalledByLibrary() ? undefined : timer(...args)
    Object.assign(globalThis, {
        setTimeout: fake(real.setTimeout as (...args: unknown[]) => unknown),
        setInterval: fake(real.setInterval as (...args: unknown[]) => unknown),
        setImmediate: fake(real.setImmediate as (...args: unknown[]) => unknown),
        queueMicrotask: fake(real.queueMicrotask),
    })
    process.nextTick = fake(nextTick as (...args: unknown[]) => void) as typeof nextTick
    try {
        return await work()
    } finally {
        Object.assign(globalThis, real)
        process.nextTick = nextTick
    }
}
