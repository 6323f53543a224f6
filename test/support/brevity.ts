import { isTypeORM1 } from "./typeorm-version"

/** Whether time is short: one machine does all tests, with one version of TypeORM after the other. */
export const isShort = Boolean(process.env.TEST_SHORT)

/** Whether the tests are done for the second time then, at less length. */
export const isBrief = isShort && !isTypeORM1
