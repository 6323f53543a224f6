import type { Command } from "../frame/command"
import { audit } from "./audit"
import { counters } from "./counters"
import { doctor } from "./doctor"
import { gaps } from "./gaps"
import { idsReset } from "./ids-reset"
import { next } from "./next"
import { resync } from "./resync"

/** @internal */
export const COMMANDS: readonly Command[] = [audit, gaps, idsReset, resync, counters, next, doctor]
