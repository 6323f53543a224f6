import type { Command } from "../frame/command"
import { audit } from "./audit"
import { backfill } from "./backfill"
import { counters } from "./counters"
import { demo } from "./demo"
import { doctor } from "./doctor"
import { gaps } from "./gaps"
import { idsReset } from "./ids-reset"
import { migrate } from "./migrate"
import { migrationGenerate } from "./migration-generate"
import { next } from "./next"
import { resync } from "./resync"

/** @internal */
export const COMMANDS: readonly Command[] = [
    migrationGenerate,
    migrate,
    backfill,
    doctor,
    audit,
    gaps,
    idsReset,
    resync,
    counters,
    next,
    demo,
]
