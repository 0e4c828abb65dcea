import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { EventStore } from "@annals/proto/annals/v1/event_store";
import { createClient } from "@connectrpc/connect";
import { clientOf, failureOf, grpcTransport } from "../support/client.js";
import { newTenant } from "../support/server.js";
import { startServerProcess } from "../support/server-process.js";
import { tempFolder } from "../support/temp-folder.js";

const blocks = 16;

/** A file of lines that may grow as far as a full disk lets it. */
class FullFile {
  #before = "";
  #size = -1;

  constructor(readonly path: string) {
    writeFileSync(path, "");
  }

  /** The lines that it has, and had before it was emptied. */
  get lines(): Record<string, unknown>[] {
    const text = `${this.#before}${readFileSync(this.path, "utf8")}`;
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    return whole
      .split("\n")
      .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Record<string, unknown>]));
  }

  /** Calls until it is full. @returns how often */
  async fill(call: () => Promise<unknown>): Promise<number> {
    for (let calls = 0; ; calls += 20) {
      if (statSync(this.path).size === this.#size) return calls;
      this.#size = statSync(this.path).size;
      for (let i = 0; i < 20; i++) await call();
      await sleep(50);
    }
  }

  /** Makes room, where there is none: nothing is written meanwhile. */
  emptyIfFull(): void {
    if (statSync(this.path).size < this.#size) return;
    this.#before += readFileSync(this.path, "utf8");
    truncateSync(this.path);
  }
}

test("the log's disk is full: calls are answered, and the lines are written when there is room again", async () => {
  const log = new FullFile(join(tempFolder(), "log"));
  const tenant = newTenant();
  const script = `ulimit -f ${blocks}; exec "$0" server/dist/main.js "$@" >>${log.path}`;
  const flags = ["--store=memory:", "--log-level=debug", "--grpc-address=127.0.0.1:0"];
  const args = ["-c", script, process.execPath, ...flags, "--http-address=off"];
  const server = spawn("sh", args, { stdio: ["ignore", "ignore", "inherit"] });
  onTestFinished(() => {
    server.kill("SIGKILL");
  });
  const exited = once(server, "exit");
  const address = () => log.lines.find(({ msg }) => msg === "listening")?.["grpcAddress"];
  await expect.poll(address, { timeout: 10_000 }).toBeDefined();
  const client = clientOf(String(address()), tenant);
  const full = await log.fill(() => client.getHead({}));
  for (let i = 0; i < 100; i++) await client.getHead({});
  const logged = () => {
    log.emptyIfFull();
    return log.lines.filter(({ tenantId }) => tenantId === tenant).length;
  };
  await expect.poll(logged, { timeout: 10_000 }).toBe(full + 100);
  const freed = log.lines.filter(({ msg }) => msg === "the log could not be written for a while");
  expect(freed[0]).toMatchObject({ lost: 0 });
  server.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
});

test("the audit log's disk is full: the log says so, and the records are written when there is room again", async () => {
  const audit = new FullFile(join(tempFolder(), "audit"));
  const server = await startServerProcess(
    ["--store=memory:", "--auth=dev", `--audit-log=${audit.path}`],
    {},
    blocks,
  );
  onTestFinished(() => {
    server.child.kill("SIGKILL");
  });
  const client = createClient(EventStore, grpcTransport(server.address, {}));
  const refused = () => failureOf(client.getHead({}));
  const full = await audit.fill(refused);
  for (let i = 0; i < 20; i++) expect((await refused()).code).toBe("Unauthenticated");
  const said = (msg: string) => server.log.filter((line) => line["msg"] === msg);
  await expect.poll(() => said("audit records cannot be written, and wait").length).toBe(1);
  expect(said("audit records are written again")).toEqual([]);
  const recorded = () => {
    audit.emptyIfFull();
    return audit.lines.filter(({ audit }) => audit === "bad_credential").length;
  };
  await expect.poll(recorded, { timeout: 10_000 }).toBe(full + 20);
  await expect.poll(() => said("audit records are written again").length).toBeGreaterThan(0);
  expect(await server.end("SIGTERM")).toBe(0);
});

test.runIf(process.platform === "linux")(
  "a server that cannot start ends, also where there is no room to say so",
  async () => {
    const full = openSync("/dev/full", "w");
    onTestFinished(() => {
      closeSync(full);
    });
    const args = ["server/dist/main.js", "serve", "--store=sqlite:/dev/null/annals.db"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", full, "ignore"] });
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    expect(await once(child, "exit")).toEqual([1, null]);
  },
);
