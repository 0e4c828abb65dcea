import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

test("the demo plays the whole scenario over the wire, says so, and leaves nothing behind", async () => {
  const leftOvers = () => readdirSync(tmpdir()).filter((name) => name.startsWith("annals-demo-"));
  const before = leftOvers();
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["examples/dist/multi-tenant/main.js"],
    { timeout: 30_000 },
  );
  expect(stdout.replaceAll(uuid, "[UUID]")).toMatchSnapshot();
  expect(leftOvers()).toEqual(before);
});
