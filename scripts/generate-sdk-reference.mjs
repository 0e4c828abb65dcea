// Writes docs/reference/sdk out of the SDK's docstrings, one page for each entry point. With a folder as
// its argument, writes there.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { Application } from "typedoc";

const folder = process.argv[2] ?? "docs/reference/sdk";
const entryPoints = {
  client: "src/index.ts",
  postgres: "src/projections/postgres-projection-store.ts",
  sqlite: "src/projections/sqlite-projection-store.ts",
  connect: "src/tenancy/connect.ts",
  express: "src/tenancy/express.ts",
  fastify: "src/tenancy/fastify.ts",
  hono: "src/tenancy/hono.ts",
  testing: "src/testing/index.ts",
};
const tables = ["parameters", "interfaceProperties", "classProperties", "typeAliasProperties"];
const application = await Application.bootstrapWithPlugins({
  plugin: ["typedoc-plugin-markdown"],
  entryPoints: Object.values(entryPoints).map((file) => join("client", file)),
  tsconfig: "client/tsconfig.json",
  out: folder,
  readme: "none",
  name: "The SDK",
  excludeInternal: true,
  excludePrivate: true,
  excludeReferences: true,
  disableSources: true,
  validation: { notExported: false },
  logLevel: "Warn",
  outputFileStrategy: "modules",
  flattenOutputFiles: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  typeDeclarationFormat: "table",
  ...Object.fromEntries(tables.map((what) => [`${what}Format`, "table"])),
  tableColumnSettings: { hideInherited: true, hideModifiers: true, hideOverrides: true },
});
const project = await application.convert();
if (!project) process.exit(1);
const names = Object.entries(entryPoints).map(([name, file]) => [
  file.replace(/^src\//, "").replace(/(\/index)?\.ts$/, ""),
  name,
]);
for (const module of project.children ?? []) {
  module.name = new Map(names).get(module.name) ?? module.name;
}
rmSync(folder, { recursive: true, force: true });
await application.generateOutputs(project);
for (const name of readdirSync(folder)) {
  const file = join(folder, name);
  const options = await resolveConfig("docs/reference/api.md");
  const text = await format(readFileSync(file, "utf8"), { ...options, parser: "markdown" });
  writeFileSync(file, text);
}
