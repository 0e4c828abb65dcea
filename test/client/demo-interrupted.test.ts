import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { tempFolder } from "../support/temp-folder.js";

test("a demo that is told to end takes its server and its folder along", async () => {
  const folder = tempFolder();
  const demo = spawn(process.execPath, ["examples/dist/multi-tenant/main.js"], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 20_000,
  });
  // The server has inherited the demo's stderr: the pipe is closed only when the server is gone, too.
  demo.stderr.resume();
  const closed = once(demo, "close");
  let told = false;
  demo.stdout.on("data", (text: Buffer) => {
    if (!told && text.includes("1. Creating")) told = demo.kill("SIGTERM");
  });
  expect(await closed).toEqual([1, null]);
  expect(readdirSync(folder)).toEqual([]);
});
