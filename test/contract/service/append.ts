import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ErrorReason } from "@annals/proto/annals/v1/error";
import { AppendStreamRequestSchema } from "@annals/proto/annals/v1/event_store";
import type { AnnalsServer } from "#server/compose.js";
import {
  any,
  appendTo,
  clientOf,
  type EventStoreClient,
  exactly,
  failureOf,
  newEvent,
  noStream,
  read,
  readAll,
  streamExists,
} from "../../support/client.js";
import { newTenant, startTestServer } from "../../support/server.js";
import type { ServiceContract } from "./contract.js";

export function describeAppend({ name, transport, addressOf }: ServiceContract): void {
  describe(`append over ${name}`, () => {
    let server: AnnalsServer;
    beforeAll(async () => {
      server = await startTestServer();
    });
    afterAll(() => server.stop());
    const newClient = (tenantId = newTenant()): EventStoreClient =>
      clientOf(addressOf(server), tenantId, transport);

    test("answers version, positions and time; a read gives back every field", async () => {
      const tenantId = newTenant();
      const client = newClient(tenantId);
      await client.append(appendTo("earlier"));
      const event = {
        eventId: randomUUID().toUpperCase(),
        eventType: "OrderPlaced",
        occurredAt: timestampFromDate(new Date("2001-02-03T04:05:06.789Z")),
        data: new Uint8Array([0, 1, 255]),
        contentType: "application/x-test",
        metadata: { user: "ünï 😀", empty: "" },
        correlationId: "flow-1",
        causationId: "command-1",
        tags: ["b", "a"],
      };
      const answer = await client.append(appendTo("o-1", noStream, [event, newEvent()]));
      expect(answer).toMatchObject({
        aggregateVersion: 2n,
        firstPosition: 2n,
        lastPosition: 3n,
        deduplicated: false,
      });
      const [first, second] = await read(client, { stream: appendTo("o-1").stream! });
      expect(first).toMatchObject({
        ...event,
        eventId: event.eventId.toLowerCase(),
        tenantId,
        aggregateType: "Order",
        aggregateId: "o-1",
        aggregateVersion: 1n,
        position: 2n,
        recordedAt: answer.recordedAt,
      });
      expect(second).toMatchObject({
        aggregateVersion: 2n,
        position: 3n,
        occurredAt: answer.recordedAt,
        contentType: "application/json",
        data: new Uint8Array(),
        metadata: {},
        tags: [],
        correlationId: "",
      });
    });

    test("positions and versions are bigints at run time", async () => {
      const answer = await newClient().append(appendTo("o-1"));
      expect(typeof answer.aggregateVersion).toBe("bigint");
      expect(typeof answer.lastPosition).toBe("bigint");
    });

    test("each expectation holds and fails as it says, with the true version", async () => {
      const client = newClient();
      const conflict = async (expected: Parameters<typeof appendTo>[1], id: string) => {
        const { code, detail } = await failureOf(client.append(appendTo(id, expected)));
        expect(code).toBe("Aborted");
        expect(detail.reason).toBe(ErrorReason.VERSION_CONFLICT);
        return detail.detail.value;
      };
      expect(await conflict(streamExists, "s")).toMatchObject({
        expected: "stream_exists",
        actualVersion: 0n,
      });
      expect(await conflict(exactly(1n), "s")).toMatchObject({ expected: "1", actualVersion: 0n });
      await client.append(appendTo("s", noStream));
      expect(await conflict(noStream, "s")).toMatchObject({
        expected: "no_stream",
        actualVersion: 1n,
      });
      expect(await conflict(exactly(0n), "s")).toMatchObject({ expected: "0", actualVersion: 1n });
      await client.append(appendTo("s", exactly(1n)));
      await client.append(appendTo("s", streamExists));
      await client.append(appendTo("s", any));
      await client.append(appendTo("t", exactly(0n)));
      await client.append(appendTo("u", any));
      expect(await read(client, { stream: appendTo("s").stream! })).toHaveLength(4);
    });

    test("16 writers race at one expected version: one wins, 15 are told the true version", async () => {
      const client = newClient();
      await client.append(appendTo("raced", noStream));
      const results = await Promise.allSettled(
        Array.from({ length: 16 }, () => client.append(appendTo("raced", exactly(1n)))),
      );
      const lost = results.filter((result) => result.status === "rejected");
      expect(lost).toHaveLength(15);
      for (const { reason } of lost) {
        const { code, detail } = await failureOf(Promise.reject(reason as Error));
        expect(code).toBe("Aborted");
        expect(detail.detail.value).toMatchObject({ actualVersion: 2n });
      }
      expect(await read(client, { stream: appendTo("raced").stream! })).toHaveLength(2);
    });

    test("racers on different streams all win, and positions have no hole", async () => {
      const client = newClient();
      await Promise.all(
        Array.from({ length: 64 }, (_, i) => client.append(appendTo(`o-${i}`, noStream))),
      );
      const events = await readAll(client);
      expect(events.map((event) => event.position)).toEqual(
        Array.from({ length: 64 }, (_, i) => BigInt(i + 1)),
      );
    });

    test("the same append again answers the first result, marked, at any expected version", async () => {
      const client = newClient();
      const events = [newEvent(), newEvent()];
      const first = await client.append(appendTo("o-1", noStream, events));
      await client.append(appendTo("o-1", exactly(2n)));
      for (const expected of [noStream, exactly(2n), exactly(99n), any]) {
        const again = await client.append(appendTo("o-1", expected, events));
        expect(again).toEqual({ ...first, deduplicated: true });
      }
      expect((await client.getHead({})).head?.position).toBe(3n);
    });

    test("some ids seen and some not is ALREADY_EXISTS, and nothing is written", async () => {
      const client = newClient();
      const [seen, fresh] = [newEvent(), newEvent()];
      await client.append(appendTo("o-1", any, [seen]));
      for (const append of [
        appendTo("o-1", any, [fresh, seen]),
        appendTo("o-1", any, [seen, fresh]),
        appendTo("o-2", any, [seen]),
      ]) {
        const { code, detail } = await failureOf(client.append(append));
        expect(code).toBe("AlreadyExists");
        expect(detail.detail).toMatchObject({
          case: "duplicateEventId",
          value: { eventId: seen.eventId },
        });
      }
      expect((await client.getHead({})).head?.position).toBe(1n);
    });

    test("an event without an id gets one from the server", async () => {
      const client = newClient();
      await client.append(appendTo("o-1", any, [newEvent({ eventId: "" })]));
      const [event] = await readAll(client);
      expect(event?.eventId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/);
    });

    test("a pipelined call answers every append under its id, and failures one by one", async () => {
      const client = newClient();
      const bad = { ...appendTo("bad"), events: [newEvent({ eventType: "" })] };
      const requests = [
        { correlationId: 7n, append: appendTo("p", noStream) },
        { correlationId: 8n, append: appendTo("p", noStream) },
        { correlationId: 2n ** 64n - 1n, append: appendTo("p", exactly(1n)) },
        { correlationId: 9n, append: bad },
        { correlationId: 10n },
      ].map((request) => create(AppendStreamRequestSchema, request));
      const answers = new Map<bigint, string>();
      // eslint-disable-next-line @typescript-eslint/require-await -- a stream of what is there
      const stream = async function* () {
        yield* requests;
      };
      for await (const { correlationId, outcome } of client.appendStream(stream())) {
        answers.set(
          correlationId,
          outcome.case === "failed"
            ? ErrorReason[outcome.value.detail!.reason]
            : String(outcome.value?.aggregateVersion),
        );
      }
      expect(Object.fromEntries(answers)).toEqual({
        7: "1",
        8: "VERSION_CONFLICT",
        "18446744073709551615": "2",
        9: "INVALID_ARGUMENT",
        10: "INVALID_ARGUMENT",
      });
    });

    test("a pipelined call takes ten thousand appends in order, more than may be in flight", async () => {
      const client = newClient();
      const total = 10_000;
      // eslint-disable-next-line @typescript-eslint/require-await -- a stream of what is there
      const stream = async function* () {
        for (let i = 0; i < total; i++) {
          const append = appendTo("one", exactly(BigInt(i)));
          yield create(AppendStreamRequestSchema, { correlationId: BigInt(i), append });
        }
      };
      let appended = 0;
      for await (const { outcome } of client.appendStream(stream())) {
        if (outcome.case === "appended") appended++;
      }
      expect(appended).toBe(total);
    });
  });
}
