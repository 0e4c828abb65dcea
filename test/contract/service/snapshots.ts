import { createClient } from "@connectrpc/connect";
import { ErrorReason } from "@annals/proto/annals/v1/error";
import { type Snapshot, Snapshots } from "@annals/proto/annals/v1/snapshots";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnnalsServer } from "#server/compose.js";
import { appendTo, clientOf, failureOf, newEvent } from "../../support/client.js";
import { newTenant, startTestServer } from "../../support/server.js";
import type { ServiceContract } from "./contract.js";

const order = (aggregateId: string) => ({ aggregateType: "Order", aggregateId });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export function describeSnapshots({ name, transport, addressOf }: ServiceContract): void {
  describe(`the Snapshots service over ${name}`, () => {
    let server: AnnalsServer;
    let hiding: AnnalsServer;
    beforeAll(async () => {
      server = await startTestServer();
      hiding = await startTestServer({ foreignStreams: "hide" });
    });
    afterAll(() => Promise.all([server.stop(), hiding.stop()]));

    const clientFor = (tenantId: string, at = server) =>
      createClient(Snapshots, transport(addressOf(at), { "x-tenant-id": tenantId }));

    /** A tenant with Order "1" of five events. */
    async function tenantWithOrder(at = server) {
      const tenantId = newTenant();
      const events = Array.from({ length: 5 }, () => newEvent());
      await clientOf(addressOf(at), tenantId, transport).append(appendTo("1", undefined, events));
      return { tenantId, client: clientFor(tenantId, at) };
    }
    const snapshotOf = async (
      client: ReturnType<typeof clientFor>,
      id = "1",
    ): Promise<Snapshot | undefined> => (await client.getSnapshot({ stream: order(id) })).snapshot;
    const save = (
      client: ReturnType<typeof clientFor>,
      aggregateVersion: bigint,
      data: Uint8Array = bytes(String(aggregateVersion)),
    ) => client.saveSnapshot({ snapshot: { stream: order("1"), aggregateVersion, data } });

    test("what was saved is read, with its defaults and the server's time", async () => {
      const { client } = await tenantWithOrder();
      expect(await snapshotOf(client)).toBeUndefined();
      const data = new Uint8Array([0, 10, 255, 123]);
      const snapshot = { stream: order("1"), aggregateVersion: 3n, schemaVersion: 7, data };
      expect(await client.saveSnapshot({ snapshot })).toMatchObject({
        saved: true,
        aggregateVersion: 3n,
      });
      const kept = await snapshotOf(client);
      expect(kept).toMatchObject({
        ...snapshot,
        contentType: "application/json",
        data: kept?.data,
      });
      expect([...(kept?.data ?? [])]).toEqual([...data]);
      expect(kept?.savedAt).toBeDefined();
    });

    test("a newer one takes the older one's place; an older one changes nothing, and is told so", async () => {
      const { client } = await tenantWithOrder();
      await save(client, 2n);
      expect(await save(client, 4n)).toMatchObject({ saved: true, aggregateVersion: 4n });
      expect(await save(client, 3n)).toMatchObject({ saved: false, aggregateVersion: 4n });
      expect((await snapshotOf(client))?.aggregateVersion).toBe(4n);
      expect(await save(client, 4n, bytes("rebuilt"))).toMatchObject({ saved: true });
      expect((await snapshotOf(client))?.data).toEqual(bytes("rebuilt"));
    });

    test("of racing saves the one of the highest version stays", async () => {
      const { client } = await tenantWithOrder();
      await Promise.all([1n, 2n, 3n, 4n, 5n, 5n, 4n, 3n].map((version) => save(client, version)));
      expect((await snapshotOf(client))?.aggregateVersion).toBe(5n);
    });

    test("deleted, it is gone; deleting it again is no error", async () => {
      const { client } = await tenantWithOrder();
      await save(client, 5n);
      await client.deleteSnapshot({ stream: order("1") });
      await client.deleteSnapshot({ stream: order("1") });
      expect(await snapshotOf(client)).toBeUndefined();
      expect(await save(client, 1n)).toMatchObject({ saved: true });
    });

    test("the same stream of two tenants has two snapshots", async () => {
      const [a, b] = [await tenantWithOrder(), await tenantWithOrder()];
      await save(a.client, 5n, bytes("a"));
      expect(await snapshotOf(b.client)).toBeUndefined();
      await save(b.client, 1n, bytes("b"));
      await b.client.deleteSnapshot({ stream: order("1") });
      expect((await snapshotOf(a.client))?.data).toEqual(bytes("a"));
    });

    test("a stream of another tenant is denied, or hidden, as when it is read", async () => {
      for (const [at, code, reason] of [
        [server, "PermissionDenied", ErrorReason.FOREIGN_STREAM],
        [hiding, "NotFound", ErrorReason.STREAM_NOT_FOUND],
      ] as const) {
        const { client } = await tenantWithOrder(at);
        await save(client, 5n);
        const stranger = clientFor(newTenant(), at);
        for (const call of [() => save(stranger, 1n), () => snapshotOf(stranger)]) {
          const failure = await failureOf(call());
          expect([failure.code, failure.detail.reason]).toEqual([code, reason]);
        }
        await stranger.deleteSnapshot({ stream: order("1") });
        expect((await snapshotOf(client))?.aggregateVersion).toBe(5n);
      }
    });

    test("what breaks a rule is refused with its field", async () => {
      const { client } = await tenantWithOrder();
      const stream = order("1");
      const bad: [() => Promise<unknown>, code: string, field: string][] = [
        [() => client.saveSnapshot({}), "InvalidArgument", "snapshot"],
        [() => save(client, 0n), "InvalidArgument", "snapshot.aggregate_version"],
        [() => save(client, 6n), "InvalidArgument", "snapshot.aggregate_version"],
        [() => save(client, 2n ** 64n - 1n), "InvalidArgument", "snapshot.aggregate_version"],
        [
          () => client.saveSnapshot({ snapshot: { aggregateVersion: 1n } }),
          "InvalidArgument",
          "snapshot.stream",
        ],
        [
          () =>
            client.saveSnapshot({ snapshot: { stream, aggregateVersion: 1n, contentType: "\0" } }),
          "InvalidArgument",
          "snapshot.content_type",
        ],
        [() => save(client, 1n, new Uint8Array(1_048_577)), "ResourceExhausted", "snapshot.data"],
        [() => client.getSnapshot({}), "InvalidArgument", "stream"],
        [() => client.deleteSnapshot({}), "InvalidArgument", "stream"],
      ];
      for (const [call, code, field] of bad) {
        const failure = await failureOf(call());
        expect(failure.code, field).toBe(code);
        expect(failure.detail.detail.value).toMatchObject({ field });
      }
      expect(await snapshotOf(client)).toBeUndefined();
      await save(client, 5n, new Uint8Array(1_048_576));
      expect((await snapshotOf(client))?.data.byteLength).toBe(1_048_576);
      expect((await failureOf(snapshotOf(client, "none"))).code).toBe("NotFound");
    });

    test("an operator has no snapshots", async () => {
      expect((await failureOf(snapshotOf(clientFor("*")))).code).toBe("PermissionDenied");
    });
  });
}
