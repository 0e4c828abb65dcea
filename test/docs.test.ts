import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { DatabaseSync } from "@photostructure/sqlite";
import ts from "typescript";
import { expect, onTestFinished, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { limits } from "#server/domain/limits.js";
import { appendTo, clientOf, readAll } from "./support/client.js";
import { startTestPostgres } from "./support/postgres.js";
import { newTenant, startTestServer, type TestSettings } from "./support/server.js";
import { tempFolder } from "./support/temp-folder.js";

/** Runs the TypeScript of a page, as one program, against a server. @returns what it prints */
async function runExample(
  page: string,
  server: AnnalsServer,
  { database = "", ...variables }: Record<string, string> = {},
): Promise<string> {
  const file = `test/docs-${basename(page, ".md")}.tmp.mjs`;
  onTestFinished(() => {
    rmSync(file);
  });
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  const here = codeOf(page)
    .replaceAll("127.0.0.1:50051", server.grpcAddress)
    .replaceAll("postgres://localhost/shop", database);
  writeFileSync(file, ts.transpileModule(here, { compilerOptions: options }).outputText);
  const env = { ...process.env, ...variables };
  const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 20_000, env });
  return stdout;
}

function codeOf(page: string): string {
  const blocks = readFileSync(page, "utf8").matchAll(/```ts\n([^]*?)\n```/g);
  return Array.from(blocks, ([, code]) => code).join("\n");
}

/** Type-checks programs that are in memory only, by the options of the tests. @param programs texts by file names */
function typeErrorsOf(programs: ReadonlyMap<string, string>): string {
  const { config } = ts.readConfigFile("test/tsconfig.json", (file) => ts.sys.readFile(file)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, "test");
  const host = ts.createCompilerHost(options);
  const program = ts.createProgram([...programs.keys()], options, {
    ...host,
    readFile: (file) => programs.get(file) ?? ts.sys.readFile(file),
    fileExists: (file) => programs.has(file) || ts.sys.fileExists(file),
    getSourceFile: (file, version) =>
      programs.has(file)
        ? ts.createSourceFile(file, programs.get(file) ?? "", version)
        : host.getSourceFile(file, version),
  });
  const errors = [...programs.keys()].flatMap((file) => {
    const source = program.getSourceFile(file);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  });
  return ts.formatDiagnostics(errors, host);
}

async function startServer(settings: TestSettings = {}): Promise<AnnalsServer> {
  const server = await startTestServer(settings);
  onTestFinished(async () => {
    await server.stop();
  });
  return server;
}

test("the upcasters of docs/how-to/upcast-events.md run as they stand", async () => {
  expect(await runExample("docs/how-to/upcast-events.md", await startServer())).toBe(
    "Lee, Ann, false\nRay, Bob, true\n",
  );
});

test("the tests of docs/how-to/test-your-domain.md hold as they stand", async () => {
  expect(await runExample("docs/how-to/test-your-domain.md", await startServer())).toBe(
    "00000000-0000-7000-8000-000000000001 2026-01-02T03:04:05.000Z\n1\n",
  );
});

test("the subscription of docs/how-to/follow-a-log.md runs as it stands", async () => {
  const server = await startServer();
  const page = "docs/how-to/follow-a-log.md";
  const tenant = /tenant: "([0-9a-f-]+)"/.exec(codeOf(page))![1]!;
  const client = clientOf(server.grpcAddress, tenant);
  for (const id of ["1", "2", "3"]) await client.append(appendTo(id));
  expect(await runExample(page, server)).toBe("connecting\ncatching_up\nlive\n3 orders\n");
});

test("the operator's work of docs/how-to/tenants.md runs as it stands", async () => {
  expect(await runExample("docs/how-to/tenants.md", await startServer())).toBe(
    "true\ntenant_events_per_day\nthe tenant is suspended: unpaid bill\nACME: 2 events\n",
  );
});

test("the account of docs/how-to/aggregates-and-deciders.md runs as it stands", async () => {
  expect(await runExample("docs/how-to/aggregates-and-deciders.md", await startServer())).toBe(
    "2n 70\n1n 100\n90\nError: insufficient funds\nfalse\n",
  );
});

test("the counter of docs/how-to/snapshots.md runs as it stands", async () => {
  expect(await runExample("docs/how-to/snapshots.md", await startServer())).toBe(
    '10n {"total":10}\n12n 12\n12n\n12\n',
  );
});

test("the projection of docs/how-to/run-projections.md runs as it stands", async () => {
  expect(await runExample("docs/how-to/run-projections.md", await startServer())).toBe(
    "gave up on 2\n150\n2n a negative total\nlive 0n\nrevenue 3/\n",
  );
});

test("the read model of docs/how-to/project-to-postgres.md is as it says", async () => {
  await using postgres = await startTestPostgres();
  const database = await postgres.newDatabase();
  const page = "docs/how-to/project-to-postgres.md";
  expect(await runExample(page, await startServer(), { database })).toBe("Ann 2 150\nBob 1 20\n");
});

test("the shop of docs/tutorial/build-a-shop.md runs as it stands, and shows what each step says", async () => {
  const page = "docs/tutorial/build-a-shop.md";
  const shown = await runExample(page, await startServer());
  expect(shown).toBe(
    [
      "the rules hold",
      "tenant_required",
      "acme: 4 events, at 1 2 3 4",
      "globex: 2 events, at 1 2",
      "Order belongs to different tenant; the server said foreign_stream",
      "Error: a shipped order cannot be shipped",
      "to ship: Bob, Cy",
      "acme: 600, globex: 1500",
      "permission_denied",
      "",
    ].join("\n"),
  );
  const text = readFileSync(page, "utf8").replace(/\s+/g, " ");
  expect(shown.split("\n").filter((line) => !text.includes(`\`${line}\``) && line !== "")).toEqual(
    [],
  );
});

test("the copy of docs/how-to/migrate-from-emmett.md runs as it stands, twice", async () => {
  expect(await runExample("docs/how-to/migrate-from-emmett.md", await startServer())).toBe(
    [
      "3 written",
      "1 written",
      "1: a 1, 2025-01-01T12:01:00.000Z",
      "2: b 1, 2025-01-01T12:02:00.000Z",
      "3: a 2, 2025-01-01T12:03:00.000Z",
      "4: b 2, 2025-01-01T12:04:00.000Z",
      "",
    ].join("\n"),
  );
});

test("the copy of docs/how-to/migrate-from-kurrentdb.md runs as it stands, twice", async () => {
  expect(await runExample("docs/how-to/migrate-from-kurrentdb.md", await startServer())).toBe(
    [
      "3 written, then 0",
      "acme 1: OrderPlaced 1, checkout-7",
      "acme 2: OrderShipped 2, checkout-7",
      "globex 1: OrderPlaced 1, -",
      "",
    ].join("\n"),
  );
});

test("the application of docs/how-to/multi-tenant-web-app.md answers what its comments say", async () => {
  const page = "docs/how-to/multi-tenant-web-app.md";
  const authJwtKey = randomBytes(32).toString("hex");
  const server = await startServer({ auth: "jwt", authJwtKey });
  const shown = await runExample(page, server, { ANNALS_AUTH_JWT_KEY: authJwtKey });
  const said = Array.from(codeOf(page).matchAll(/; \/\/ (\d{3}.*)/g), ([, answer]) => answer);
  expect(said.length).toBe(9);
  expect(shown.trim().split("\n")).toEqual(said);
});

test("the backup of docs/how-to/operate.md, taken while a server runs, is a log that another one serves", async () => {
  const page = readFileSync("docs/how-to/operate.md", "utf8");
  const statement = /sqlite3 data\/annals.db "(VACUUM INTO 'backup.db')"/.exec(page)![1]!;
  const folder = tempFolder();
  const [file, backup] = [join(folder, "annals.db"), join(folder, "backup.db")];
  const tenant = newTenant();
  const running = clientOf((await startServer({ store: `sqlite:${file}` })).grpcAddress, tenant);
  await running.append(appendTo("1"));

  const database = new DatabaseSync(file);
  database.exec(statement.replace("backup.db", backup));
  database.close();
  await running.append(appendTo("2"));

  const restored = await startServer({ store: `sqlite:${backup}` });
  const events = await readAll(clientOf(restored.grpcAddress, tenant));
  expect(events.map(({ aggregateId }) => aggregateId)).toEqual(["1"]);
  expect(await readAll(running)).toHaveLength(2);
});

test(
  "the TypeScript of every page has the types that this repository asks for",
  { timeout: 60_000 },
  () => {
    const pages = ["README.md"].concat(
      readdirSync("docs", { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith(".md") && !/^reference.sdk/.test(path))
        .map((path) => join("docs", path)),
    );
    const programs = new Map<string, string>();
    for (const page of pages) {
      const code = codeOf(page);
      const file = `${page.replace(/\W/g, "-")}.ts`;
      if (code !== "")
        programs.set(ts.sys.resolvePath(join("test", file)), `${code}\nexport {};\n`);
    }
    expect(programs.size).toBeGreaterThan(10);
    expect(typeErrorsOf(programs)).toBe("");
  },
);

test("every page of the documentation is in its index", () => {
  const index = readFileSync("docs/README.md", "utf8");
  const pages = readdirSync("docs", { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".md") && !/^README.md$|^reference.sdk.(?!README)/.test(path),
  );
  expect(pages.length).toBeGreaterThan(15);
  expect(pages.filter((path) => !index.includes(`(${path})`))).toEqual([]);
});

test("every error reason is in its reference", () => {
  const page = readFileSync("docs/reference/errors.md", "utf8");
  const contract = readFileSync("proto/annals/v1/error.proto", "utf8");
  const reasons = [...contract.matchAll(/ERROR_REASON_(\w+) = (\d+);/g)]
    .filter(([, , number]) => number !== "0")
    .map(([, name = ""]) => name);
  expect(reasons.length).toBeGreaterThan(10);
  expect(reasons.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test("every limit of the contract is in its reference, with its value", () => {
  const page = readFileSync("docs/reference/limits.md", "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)` +\| ([\d,]+) /gm)];
  const documented = new Map(rows.map(([, name, value]) => [name, value?.replaceAll(",", "")]));
  for (const [key, value] of Object.entries(limits)) {
    const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    expect([name, documented.get(name)]).toEqual([name, String(value)]);
  }
});
