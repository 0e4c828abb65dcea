import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { createClient } from "@connectrpc/connect";
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import ts from "typescript";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { AppendRequestSchema, EventStore } from "@annals/proto/annals/v1/event_store";
import type { AnnalsServer } from "#server/compose.js";
import { failureOf, grpcTransport, readAll } from "./support/client.js";
import { startTestServer } from "./support/server.js";

const readme = readFileSync("README.md", "utf8");

/** The code blocks of a language. */
const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\n\`\`\``, "g"))].map(
    ([, code]) => code ?? "",
  );

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

test("the first append in TypeScript runs as it stands, and can be run again", async () => {
  const [code] = blocks("ts");
  const here = code!.replace("127.0.0.1:50051", server.grpcAddress);
  const file = "test/readme-example.tmp.mjs";
  onTestFinished(() => {
    rmSync(file);
  });
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  writeFileSync(file, ts.transpileModule(here, { compilerOptions: options }).outputText);
  for (const position of ["1n", "2n"]) {
    const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 20_000 });
    expect(stdout).toBe(`${position} OrderPlaced { customer: 'Alice', total: 299.99 }\n`);
  }
});

test("the first append with grpcurl says what the server understands", async () => {
  const command = blocks("sh").find((block) => block.includes("EventStore/Append"))!;
  const [, tenant] = /x-tenant-id: ([0-9a-f-]+)/.exec(command)!;
  const [, body] = /-d '([^']+)'/.exec(command)!;
  const metadata = { "x-tenant-id": tenant! };
  const client = createClient(EventStore, grpcTransport(server.grpcAddress, metadata));
  const request = fromJson(AppendRequestSchema, JSON.parse(body!) as JsonValue);
  await client.append(request);
  const event = (await readAll(client)).at(-1)!;
  expect(new TextDecoder().decode(event.data)).toBe('{"total":299.99}');
  expect((await failureOf(client.append(request))).code).toBe("Aborted");
});
