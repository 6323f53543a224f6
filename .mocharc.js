module.exports = {
  require: [
    "ts-node/register",
    "./test/support/typeorm-version.ts",
    "./test/support/root-hooks.ts",
  ],
  extension: ["test.ts"],
  recursive: true,
  timeout: 120_000,
  forbidOnly: Boolean(process.env.CI),
  checkLeaks: true,
}
