import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ErrorReason } from "@annals/proto/annals/v1/error";
import {
  Direction,
  FilterSchema,
  type ReadAllRequestSchema,
  type ReadAllResponse,
  Scope,
} from "@annals/proto/annals/v1/event_store";
import type { AnnalsServer } from "#server/compose.js";
import {
  appendTo,
  clientOf,
  type EventStoreClient,
  failureOf,
  newEvent,
  type Plain,
  readAll,
} from "../../support/client.js";
import { newTenant, startTestServer } from "../../support/server.js";
import type { ServiceContract } from "./contract.js";

type Request = Plain<typeof ReadAllRequestSchema>;

export function describeFollow({ name, transport, addressOf }: ServiceContract): void {
  describe(`follow over ${name}`, () => {
    let server: AnnalsServer;
    beforeAll(async () => {
      server = await startTestServer({
        checkpointPositions: "10",
        checkpointIntervalMs: "20",
        maxFollowersPerTenant: "3",
      });
    });
    afterAll(() => server.stop());
    const clientFor = (tenantId = newTenant()): EventStoreClient =>
      clientOf(addressOf(server), tenantId, transport);
    const appendSome = async (client: EventStoreClient, count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        await client.append(appendTo(`o-${i % 3}`, undefined, [newEvent()]));
      }
    };

    test("the head at once, the backlog, caught_up once, then what comes", async () => {
      const client = clientFor();
      await appendSome(client, 5);
      await using follower = new Following(client, { start: after(2n), follow: true });
      expect((await follower.next()).head?.position).toBe(5n);
      expect(positionsOf(await follower.next())).toEqual([3n, 4n, 5n]);
      const caughtUp = (await follower.next()).answer;
      expect(caughtUp.case).toBe("caughtUp");
      expect(caughtUp.value).toMatchObject({ checkpoint: { position: 5n } });
      for (let position = 6n; position < 12n; position++) {
        await appendSome(client, 1);
        expect(positionsOf(await follower.next())).toEqual([position]);
      }
    });

    test("an empty log is followed from its first event", async () => {
      const client = clientFor();
      await using follower = new Following(client, { follow: true });
      expect((await follower.next()).head?.position).toBe(0n);
      expect((await follower.next()).answer.case).toBe("caughtUp");
      await appendSome(client, 1);
      expect(positionsOf(await follower.next())).toEqual([1n]);
    });

    test("a follower for whom nothing matches is told how far it has come, live too", async () => {
      const client = clientFor();
      await appendSome(client, 25);
      const filter = create(FilterSchema, { eventTypes: ["Never"] });
      await using follower = new Following(client, { filter, follow: true });
      await follower.next();
      expect((await follower.next()).answer).toMatchObject({
        case: "checkpoint",
        value: { position: 25n },
      });
      expect((await follower.next()).answer.case).toBe("caughtUp");
      await appendSome(client, 7);
      let place = 25n;
      while (place < 32n) {
        const { answer } = await follower.next();
        if (answer.case !== "checkpoint") return expect.fail(`${answer.case} came`);
        expect(answer.value.position).toBeGreaterThan(place);
        expect(answer.value.time).toBeDefined();
        place = answer.value.position;
      }
    });

    test("only what the filter picks comes live", async () => {
      const client = clientFor();
      const filter = create(FilterSchema, { eventTypePrefixes: ["Paid"] });
      await using follower = new Following(client, { filter, follow: true });
      await follower.next();
      await follower.next();
      for (const eventType of ["Placed", "PaidInFull", "Placed", "PaidInPart"]) {
        await client.append(appendTo("o", undefined, [newEvent({ eventType })]));
      }
      const events: string[] = [];
      while (events.length < 2) {
        const { answer } = await follower.next();
        if (answer.case === "page") events.push(...answer.value.events.map((e) => e.eventType));
      }
      expect(events).toEqual(["PaidInFull", "PaidInPart"]);
    });

    test("a limit ends it", async () => {
      const client = clientFor();
      await appendSome(client, 2);
      const following = readAll(client, { follow: true, limit: 4n });
      await appendSome(client, 5);
      expect((await following).map((event) => event.position)).toEqual([1n, 2n, 3n, 4n]);
    });

    test("a tenant's follower sees nothing of another, and positions without holes", async () => {
      const [client, other] = [clientFor(), clientFor()];
      await using follower = new Following(client, { follow: true });
      await follower.next();
      await follower.next();
      for (let i = 0; i < 20; i++) await appendSome(i % 2 === 0 ? other : client, 1);
      const positions: bigint[] = [];
      while (positions.length < 10) positions.push(...positionsOf(await follower.next()));
      expect(positions).toEqual(positions.map((_, i) => BigInt(i + 1)));
    });

    test("the whole log is followed by cursors, and can be narrowed to some tenants", async () => {
      const [a, b] = [newTenant(), newTenant()];
      const operator = clientFor("*");
      const scope = Scope.ALL_TENANTS;
      const { head } = await operator.getHead({ scope });
      const start = { case: "afterCursor", value: head!.cursor } as const;
      const filter = create(FilterSchema, { tenantIds: [a.toUpperCase()] });
      await using all = new Following(operator, { scope, start, follow: true });
      await using some = new Following(operator, { scope, start, filter, follow: true });
      for (const follower of [all, some]) {
        expect((await follower.next()).head?.cursor).toBe(head!.cursor);
        expect((await follower.next()).answer.case).toBe("caughtUp");
      }
      for (const tenant of [a, b, a]) await appendSome(clientFor(tenant), 1);
      const tenantsOf = async (follower: Following, count: number): Promise<string[]> => {
        const tenants: string[] = [];
        while (tenants.length < count) {
          const { answer } = await follower.next();
          if (answer.case !== "page") continue;
          expect(answer.value.globalPositions).toHaveLength(answer.value.events.length);
          expect(answer.value.cursor).not.toBe("");
          tenants.push(...answer.value.events.map((event) => event.tenantId));
        }
        return tenants;
      };
      expect(await tenantsOf(all, 3)).toEqual([a, b, a]);
      expect(await tenantsOf(some, 2)).toEqual([a, a]);
    });

    test("a stream is followed, also from before its first event", async () => {
      const client = clientFor();
      const aggregateId = `followed-${newTenant()}`;
      const stream = { aggregateType: "Order", aggregateId };
      const aborting = new AbortController();
      const answers = client.read({ stream, follow: true }, { signal: aborting.signal });
      const next = nextOf(answers);
      expect((await next()).stream).toMatchObject({ stream, aggregateVersion: 0n });
      expect((await next()).answer.case).toBe("caughtUp");
      for (const id of ["other", aggregateId, "other", aggregateId]) {
        await client.append(appendTo(id));
      }
      const versions: bigint[] = [];
      while (versions.length < 2) {
        const { answer } = await next();
        if (answer.case !== "page") return expect.fail(`${answer.case} came`);
        expect(answer.value.events[0]?.aggregateId).toBe(aggregateId);
        versions.push(...answer.value.events.map((event) => event.aggregateVersion));
      }
      expect(versions).toEqual([1n, 2n]);
      aborting.abort();
      await expect(next()).rejects.toThrow();
    });

    test("a stream of many pages comes once and in order, as far as the limit", async () => {
      const client = clientFor();
      const stream = { aggregateType: "Order", aggregateId: `long-${newTenant()}` };
      for (let page = 0; page < 6; page++) {
        const events = Array.from({ length: 1_000 }, () => newEvent());
        await client.append(appendTo(stream.aggregateId, undefined, events));
      }
      const versionsOf = async (limit?: bigint): Promise<readonly bigint[]> => {
        const versions: bigint[] = [];
        const request = { stream, follow: true, ...(limit === undefined ? {} : { limit }) };
        for await (const { answer } of client.read(request)) {
          if (answer.case === "caughtUp") break;
          if (answer.case !== "page") continue;
          versions.push(...answer.value.events.map((event) => event.aggregateVersion));
        }
        return versions;
      };
      const all = Array.from({ length: 6_000 }, (_, i) => BigInt(i + 1));
      expect(await versionsOf()).toEqual(all);
      expect(await versionsOf(5_500n)).toEqual(all.slice(0, 5_500));
    });

    test("a stream of another tenant is not waited for", async () => {
      const stream = { aggregateType: "Order", aggregateId: `foreign-${newTenant()}` };
      await clientFor().append(appendTo(stream.aggregateId));
      const next = nextOf(clientFor().read({ stream, follow: true }));
      const { detail } = await failureOf(next());
      expect(detail.reason).toBe(ErrorReason.FOREIGN_STREAM);
    });

    test("what follow cannot do is refused", async () => {
      const client = clientFor();
      const stream = { aggregateType: "Order", aggregateId: "o" };
      const refused: [call: () => Promise<unknown>, field: string][] = [
        [
          () => readAll(client, { start: { case: "beforePosition", value: 9n }, follow: true }),
          "follow",
        ],
        [
          () => readAll(client, { filter: create(FilterSchema, { tenantIds: [newTenant()] }) }),
          "filter.tenant_ids",
        ],
        [
          () =>
            readAll(clientFor("*"), {
              scope: Scope.ALL_TENANTS,
              filter: create(FilterSchema, { tenantIds: ["x"] }),
            }),
          "filter.tenant_ids[0]",
        ],
        [
          () => nextOf(client.read({ stream, follow: true, direction: Direction.BACKWARDS }))(),
          "follow",
        ],
        [() => nextOf(client.read({ stream, follow: true, toVersion: 3n }))(), "to_version"],
      ];
      for (const [call, field] of refused) {
        const { code, detail } = await failureOf(call());
        expect(code).toBe("InvalidArgument");
        expect(detail.detail).toMatchObject({ case: "invalidArgument", value: { field } });
      }
    });

    test("a tenant has only so many followers; who leaves makes room", async () => {
      const client = clientFor();
      const followers = Array.from({ length: 3 }, () => new Following(client, { follow: true }));
      for (const follower of followers) await follower.next();
      const { code, detail } = await failureOf(readAll(client, { follow: true }));
      expect(code).toBe("ResourceExhausted");
      expect(detail.detail).toMatchObject({
        case: "limitExceeded",
        value: { limit: "followers_per_tenant", maximum: 3n, actual: 4n },
      });
      expect(detail.retryAfter).toBeDefined();
      await using other = new Following(clientFor(), { follow: true });
      await other.next();
      for (const follower of followers) await follower[Symbol.asyncDispose]();
      await expect.poll(() => mayFollow(client)).toBe(true);
    });

    test("a stopping server ends followers with UNAVAILABLE and when to come again", async () => {
      const stopping = await startTestServer();
      const client = clientOf(addressOf(stopping), newTenant(), transport);
      const next = nextOf(client.readAll({ follow: true }));
      await next();
      await next();
      const failure = failureOf(next());
      expect(await stopping.stop()).toBe(true);
      const { code, detail } = await failure;
      expect(code).toBe("Unavailable");
      expect(detail.retryAfter).toBeDefined();
    });
  });
}

const after = (value: bigint) => ({ case: "afterPosition", value }) as const;

function positionsOf({ answer }: ReadAllResponse): bigint[] {
  return answer.case === "page" ? answer.value.events.map((event) => event.position) : [];
}

async function mayFollow(client: EventStoreClient): Promise<boolean> {
  await using follower = new Following(client, { follow: true });
  return await follower.next().then(
    () => true,
    () => false,
  );
}

function nextOf<Answer>(answers: AsyncIterable<Answer>): () => Promise<Answer> {
  const iterator = answers[Symbol.asyncIterator]();
  return async () => {
    const { done, value } = (await iterator.next()) as IteratorResult<Answer, undefined>;
    if (done) throw new Error("the call ended");
    return value;
  };
}

/** A ReadAll that is taken answer by answer, and ended after the test. */
class Following implements AsyncDisposable {
  readonly #aborting = new AbortController();
  readonly next: () => Promise<ReadAllResponse>;

  constructor(client: EventStoreClient, request: Request) {
    this.next = nextOf(client.readAll(request, { signal: this.#aborting.signal }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#aborting.abort();
    await this.next().catch(() => undefined);
  }
}
