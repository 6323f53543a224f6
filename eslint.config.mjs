import { defineConfig, globalIgnores } from "eslint/config"
import tseslint from "typescript-eslint"

export default defineConfig(
  globalIgnores(["**/dist/", "coverage/", ".tmp/", "site/pages/", "site/.vitepress/cache/"]),
  { linterOptions: { reportUnusedDisableDirectives: "error" } },

  {
    files: ["**/*.{js,cjs,mjs}"],
    extends: [tseslint.configs.recommended],
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },

  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-console": "error",
      "@typescript-eslint/consistent-type-imports": [
        "error",
        { fixStyle: "inline-type-imports", disallowTypeAnnotations: false },
      ],
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          // node:test waits for them itself.
          allowForKnownSafeCalls: [
            { from: "package", package: "node:test", name: ["describe", "it", "before", "after"] },
          ],
        },
      ],
      "@typescript-eslint/no-import-type-side-effects": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",

      // Numbers and bigints read well in a text; undefined does not.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowNullish: false, allowAny: false, allowBoolean: false },
      ],

      // Nest's modules have static methods alone.
      "@typescript-eslint/no-extraneous-class": ["error", { allowWithDecorator: true }],
      // Callers in plain JavaScript give what the types forbid, and get a readable refusal for it.
      "@typescript-eslint/no-unnecessary-condition": "off",
      // `NonNullable<unknown>` is how this code says "anything but null and undefined".
      "@typescript-eslint/no-generated-empty-object-type": "off",
      // TypeORM declares the options of an EntitySchema as a class.
      "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
      // A method of TypeORM that is wrapped is taken off its object first, and called by apply().
      "@typescript-eslint/unbound-method": "off",
    },
  },

  {
    files: [
      "test/**/*.ts",
      "bench/**/*.ts",
      "examples/**/*.ts",
      "scripts/**/*.ts",
      "torture/**/*.ts",
    ],
    rules: { "no-console": "off" },
  },

  {
    files: ["test/**/*.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector:
            "MemberExpression[object.name=/^(describe|context|suite|it|specify|test)$/][property.name='only']",
          message: "This would silently leave out every other test.",
        },
      ],

      // `expect(x).to.be.true` is a statement to chai.
      "@typescript-eslint/no-unused-expressions": "off",
      // Tests hand over wrong values on purpose, and index lists they have just counted.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      // Stubs are asynchronous because of what they stand for, and empty for the same reason.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-empty-function": "off",
      "@typescript-eslint/no-extraneous-class": "off",
      "@typescript-eslint/no-misused-spread": "off",
      "@typescript-eslint/no-unnecessary-type-assertion": "off",
      "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
      // What TypeORM 1.x calls deprecated is what 0.3 has.
      "@typescript-eslint/no-deprecated": "off",
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/restrict-template-expressions": "off",
      "@typescript-eslint/use-unknown-in-catch-callback-variable": "off",
    },
  },
)
