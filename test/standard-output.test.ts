import { spawn } from "node:child_process";
import { once } from "node:events";
import { createClient } from "@connectrpc/connect";
import { expect, onTestFinished, test } from "vitest";
import { EventStore } from "@annals/proto/annals/v1/event_store";
import { clientOf, failureOf, grpcTransport } from "./support/client.js";
import { scrape } from "./support/metrics.js";
import { newTenant } from "./support/server.js";

const flags = ["--store=memory:", "--log-level=debug", "--grpc-address=127.0.0.1:0"];

/** A server, and its standard output as lines while it is read. */
async function start() {
  const args = ["server/dist/main.js", "serve", ...flags, "--http-address=off"];
  const child = spawn(process.execPath, [...args, "--metrics-address=127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const ended = once(child, "close");
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
  const lines = () => text.split("\n").slice(0, -1);
  const listening = () => lines().find((line) => line.includes('"listening"'));
  await expect.poll(listening, { timeout: 20_000 }).toBeDefined();
  const { grpcAddress, metricsAddress } = JSON.parse(listening()!) as Record<string, string>;
  return { child, ended, lines, grpcAddress: grpcAddress!, metricsAddress };
}

test("log lines and audit records on one standard output are whole, every one", async () => {
  const server = await start();
  const client = createClient(EventStore, grpcTransport(server.grpcAddress, {}));
  const { stdout } = server.child;
  // A slow reader: what does not fit is written in parts.
  stdout.on("data", () => {
    stdout.pause();
    setTimeout(() => stdout.resume(), 5);
  });
  for (let i = 0; i < 20; i++) {
    await Promise.all(Array.from({ length: 200 }, () => failureOf(client.getHead({}))));
  }
  server.child.kill("SIGTERM");
  expect(await server.ended).toEqual([0, null]);
  const records = server
    .lines()
    .map((line) => JSON.parse(line) as { audit?: string; msg?: string });
  expect(records.filter(({ audit }) => audit === "bad_credential")).toHaveLength(4_000);
  expect(records.filter(({ msg }) => msg === "call")).toHaveLength(4_000);
  expect(records.at(-1)).toMatchObject({ msg: "stopped" });
});

test("a standard output that nobody reads keeps no call waiting, is told by the metrics, and does not hold up a stop", async () => {
  const server = await start();
  const exited = once(server.child, "exit"); // not "close": nobody reads to the end
  server.child.stdout.pause();
  const client = clientOf(server.grpcAddress, newTenant());
  const auditLogUp = async () => (await scrape(server.metricsAddress)).value("annals_audit_log_up");
  const callUntilTold = async () => {
    await Promise.all(Array.from({ length: 500 }, () => client.getHead({})));
    return auditLogUp();
  };
  await expect.poll(callUntilTold, { timeout: 40_000, interval: 200 }).toBe(0);
  server.child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
}, 60_000);
