import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import ts from "typescript";
import { expect, onTestFinished, test } from "vitest";
import { appendTo, clientOf } from "./support/client.js";
import { startTestServer } from "./support/server.js";

test("the subscription of docs/how-to/follow-a-log.md runs as it stands", async () => {
  const server = await startTestServer();
  onTestFinished(async () => {
    await server.stop();
  });
  const text = readFileSync("docs/how-to/follow-a-log.md", "utf8");
  const code = /```ts\n([^]*?)\n```/.exec(text)![1]!;
  const tenant = /tenant: "([0-9a-f-]+)"/.exec(code)![1]!;
  const client = clientOf(server.grpcAddress, tenant);
  for (const id of ["1", "2", "3"]) await client.append(appendTo(id));

  const file = "test/docs-example.tmp.mjs";
  onTestFinished(() => {
    rmSync(file);
  });
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  const here = code.replace("127.0.0.1:50051", server.grpcAddress);
  writeFileSync(file, ts.transpileModule(here, { compilerOptions: options }).outputText);
  const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 20_000 });
  expect(stdout).toBe("connecting\ncatching_up\nlive\n3 orders\n");
});
