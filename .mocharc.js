module.exports = {
  require: [
    "ts-node/register",
    "./test/support/typeorm-version.ts",
    "./test/support/root-hooks.ts",
  ],
  spec: "test/**/*.test.ts",
  timeout: 120_000,
  forbidOnly: Boolean(process.env.CI),
  forbidPending: false,
  checkLeaks: true,
  exit: false,
}
