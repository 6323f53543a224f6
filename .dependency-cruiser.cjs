// Imports run one way, those of types included: a file may import from its own folder, and from what
// stands before that here. Run by `npm run check:imports`.
const ORDER = [
  "errors|batches|group-by|once-per",
  "declared",
  "typeorm",
  "signals",
  "dialects",
  "series",
  "inserts",
  "numbers",
  "keys",
  "commit",
  "audit",
  "sequence",
  "tables",
  "maintenance",
  "schema",
  "decorators",
  "subscriber|register-subscriber|with-auto-sequence",
  "nestjs|cli|index",
]
const within = (names) => `^src/(${names.join("|")})(\\.ts$|/)`

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-circles",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    ...ORDER.slice(0, -1).map((names, at) => ({
      name: `${names.split("|")[0]}-imports-what-stands-before-it`,
      severity: "error",
      from: { path: within([names]) },
      to: { path: within(ORDER.slice(at + 1)) },
    })),
    {
      name: "every-folder-has-its-place",
      severity: "error",
      from: { path: "^src/", pathNot: within(ORDER) },
      to: {},
    },
    {
      name: "nestjs-and-cli-apart",
      comment: "The core never loads NestJS or what the command needs.",
      severity: "error",
      from: { path: "^src/(index\\.ts|cli/)" },
      to: { path: "^src/nestjs/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
  },
}
