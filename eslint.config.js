import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";
import importX from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

/** `from` may not be imported by `target`: the import directions of ARCHITECTURE.md. */
const forbid = (target, from, message) => ({ target, from, message });
const server = (name) => `./server/src/${name}`;
const everythingBut = (...allowed) =>
  [
    "domain",
    "store",
    "writer",
    "reader",
    "service",
    "interceptors",
    "transport",
    "config",
    "telemetry",
    "compose.ts",
    "main.ts",
  ]
    .filter((name) => !allowed.includes(name))
    .map(server);

const zones = [
  forbid(server("domain"), everythingBut("domain"), "domain imports nothing"),
  forbid(server("store"), everythingBut("domain", "store"), "a store imports the port and domain"),
  ...["memory", "sqlite", "postgres"].map((name) =>
    forbid(
      server(`store/${name}`),
      ["memory", "sqlite", "postgres"].filter((n) => n !== name).map((n) => server(`store/${n}`)),
      "a store never imports another store",
    ),
  ),
  ...["store", "record-store"].map((name) =>
    forbid(
      server(`store/${name}.ts`),
      ["memory", "sqlite", "postgres"].map((store) => server(`store/${store}`)),
      "the port imports domain",
    ),
  ),
  forbid(server("writer"), everythingBut("domain", "store", "writer"), "writer imports the port"),
  forbid(
    server("tenants"),
    everythingBut("domain", "store", "tenants"),
    "tenants imports the port",
  ),
  forbid(server("reader"), everythingBut("domain", "store", "reader"), "reader imports the port"),
  ...["writer", "reader", "tenants", "service", "interceptors", "transport"].map((name) =>
    forbid(
      server(name),
      ["memory", "sqlite", "postgres"].map((n) => server(`store/${n}`)),
      "only compose.ts picks a store",
    ),
  ),
  forbid(
    server("service"),
    everythingBut("domain", "store", "writer", "reader", "tenants", "service"),
    "service imports writer, reader, port",
  ),
  forbid(
    server("interceptors"),
    everythingBut("domain", "interceptors"),
    "interceptors import domain; what they need is passed in",
  ),
  forbid(
    server("transport"),
    everythingBut("domain", "service", "interceptors", "transport"),
    "transport imports service, interceptors and proto",
  ),
  forbid("./client", "./server", "client and server share only proto"),
  forbid("./server", "./client", "client and server share only proto"),
  forbid("./proto", ["./server", "./client"], "proto imports nothing"),
];

export default tseslint.config(
  {
    ignores: ["**/dist/**", "proto/gen/**", "node_modules/**", ".cache/**", "**/*.js", "**/*.mjs"],
  },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["vitest.config.ts"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { "import-x": importX },
    settings: {
      "import-x/resolver-next": [
        createTypeScriptImportResolver({
          project: ["server", "client", "test", "examples", "bench"],
          noWarnOnMultipleProjects: true,
        }),
      ],
    },
    rules: {
      "import-x/no-cycle": "error",
      "import-x/no-restricted-paths": ["error", { zones }],
      "import-x/no-default-export": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/prefer-nullish-coalescing": "off",
      // It cannot see what another task changes across an await.
      "@typescript-eslint/no-unnecessary-condition": "off",
      "no-restricted-syntax": [
        "error",
        { selector: "ExportAllDeclaration", message: "list what is exported" },
      ],
    },
  },
  {
    files: ["vitest.config.ts"],
    rules: { "import-x/no-default-export": "off" },
  },
  {
    files: ["test/**"],
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/explicit-module-boundary-types": "off",
    },
  },
);
