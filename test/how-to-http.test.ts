import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { startTestServer } from "./support/server.js";

// docs/how-to/http-and-curl.md, from top to bottom.

const text = readFileSync("docs/how-to/http-and-curl.md", "utf8");
const examples = [
  ...text.matchAll(/```sh\n([^]*?)\n```\n[^`]*(?:`[^`]+`[^`]*)*?\n```(?:json|text)\n([^]*?)\n```/g),
].map(([, command = "", answer = ""]) => ({ command, answer }));
const commands = text.match(/```sh\n/g) ?? [];
const hasCurl = spawnSync("curl", ["--version"]).status === 0;

let server: AnnalsServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

/** What a command prints. Without curl, what fetch is answered. */
async function outputOf(command: string): Promise<string> {
  const here = command.replaceAll("127.0.0.1:8080", server.httpAddress!);
  if (hasCurl) return (await promisify(execFile)("sh", ["-c", here], { timeout: 20_000 })).stdout;
  const [url] = /http:\S+/.exec(here)!;
  const headers = [...here.matchAll(/-H '([\w-]+): ([^']+)'/g)].map(
    ([, name, value]) => [name!, value!] as [string, string],
  );
  const [, printed] = /^printf '([^']+)'/.exec(here) ?? [];
  const unescaped = printed?.replace(/\\([0-7]{1,3})/g, (_, octal: string) =>
    String.fromCharCode(parseInt(octal, 8)),
  );
  const body = unescaped ?? / -d '([^']+)'/.exec(here)?.[1];
  const response = await fetch(url, { headers, ...(body && { method: "POST", body }) });
  const answer = Buffer.from(await response.arrayBuffer()).toString("latin1");
  if (printed === undefined) return answer;
  return answer
    .replace(/[^ -~]/g, "\n")
    .match(/\{.*/g)!
    .join("\n");
}

/** What the document shows, "..." being anything. */
function shown(value: unknown): unknown {
  if (value === "...") return expect.anything();
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shown(part)]));
}

const parsed = (json: string): unknown[] => {
  try {
    return [JSON.parse(json)];
  } catch {
    return json
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
  }
};

test("every command of the document has its answer below it", () => {
  expect(examples).toHaveLength(commands.length);
  expect(commands.length).toBeGreaterThan(9);
});

test("every command answers what the document says", async () => {
  for (const { command, answer } of examples) {
    const output = await outputOf(command);
    if (answer === "ok") expect(output).toBe("ok\n");
    else
      expect({ command, answers: parsed(output) }).toEqual({
        command,
        answers: parsed(answer).map(shown),
      });
  }
});
