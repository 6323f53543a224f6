import { setFlagsFromString } from "node:v8"

// V8 optimises what has run for a moment, on threads of its own. That takes a process of tests longer than it saves.
setFlagsFromString("--interrupt-budget=500000")
// The same is true of PGlite, of which most is run once.
setFlagsFromString("--liftoff-only")

// mocha has each error note its whole stack, and mysql2 makes one for each statement, in case it fails.
Error.stackTraceLimit = 30
