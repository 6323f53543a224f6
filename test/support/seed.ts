/** Of everything that is random in a run: another one each time, printed, and set by TEST_SEED. */
export const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))

if (process.env.TEST_SEED === undefined) console.log(`TEST_SEED=${seed}`)
