import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { Tenants } from "@annals/proto/annals/v1/tenants";
import {
  appendTo,
  clientOf,
  failureOf,
  grpcTransport,
  newEvent,
  readAll,
} from "../support/client.js";
import { newTenant } from "../support/server.js";
import { startServerProcess } from "../support/server-process.js";
import { tempFolder } from "../support/temp-folder.js";

const blocks = 2_000;

/** Does it again and again until it fails. @returns how often it went well, and how it failed */
async function untilItFails(work: (i: number) => Promise<unknown>): Promise<[number, string]> {
  for (let i = 0; i < 5_000; i++) {
    const failure = await work(i).then(
      () => undefined,
      (error: unknown) => failureOf(Promise.reject(error as Error)),
    );
    if (failure) return [i, failure.code];
  }
  return [Infinity, ""];
}

test("a full disk: what was acknowledged is there, of records as of events, and reads go on", async () => {
  const store = `--store=sqlite:${join(tempFolder(), "annals.db")}`;
  const full = await startServerProcess([store], {}, blocks);
  const tenants = Array.from({ length: 5_000 }, newTenant);
  const adminOf = (address: string) =>
    createClient(Tenants, grpcTransport(address, { "x-tenant-id": "*" }));

  const client = clientOf(full.address, tenants[0]!);
  const data = Buffer.alloc(20_000);
  await client.append(appendTo("x", undefined, [newEvent({ data })]));
  const [configured, why] = await untilItFails((i) =>
    adminOf(full.address).configureTenant({ tenantId: tenants[i]!, displayName: `${i}` }),
  );
  expect([configured < Infinity, why]).toEqual([true, "Unavailable"]);
  const [appended, whyNot] = await untilItFails(() =>
    client.append(appendTo("x", undefined, [newEvent({ data })])),
  );
  expect([appended < Infinity, whyNot]).toEqual([true, "Unavailable"]);
  expect(await readAll(client)).toHaveLength(1 + appended);
  expect(await full.end("SIGTERM")).toBe(0);

  const again = await startServerProcess([store]);
  for (let i = 0; i < configured; i++) {
    const { tenant } = await adminOf(again.address).describeTenant({ tenantId: tenants[i]! });
    expect(tenant?.displayName).toBe(`${i}`);
  }
  const mended = clientOf(again.address, tenants[0]!);
  await mended.append(appendTo("x"));
  expect(await readAll(mended)).toHaveLength(2 + appended);
  expect(await again.end("SIGTERM")).toBe(0);
}, 120_000);
