import { ErrorReason } from "@annals/proto/annals/v1/error";
import {
  Direction,
  type ReadAllResponse,
  type ReadResponse,
  Scope,
} from "@annals/proto/annals/v1/event_store";
import { expect } from "vitest";
import type { RecordedEvent } from "#server/domain/event.js";
import { type EventFilter, matchesFilter, noFilter } from "#server/domain/filter.js";
import type { StreamId } from "#server/domain/stream.js";
import { newTenant } from "../../support/store-input.js";
import { StoreModel } from "../store/model.js";
import { TenantAppends } from "./tenant-appends.js";
import { TenantProjections } from "./tenant-projections.js";
import { TenantSnapshots } from "./tenant-snapshots.js";
import { TenantStreams } from "./tenant-streams.js";
import type { Asked, Asker } from "./asker.js";
import { eventIdOf, type MarkedTenant } from "./marks.js";
import type { TenantCall } from "./program.js";
import { eventsOf, microsOf, seen, shown } from "./wire-event.js";
import type { World } from "./world.js";

type Call<Kind extends TenantCall["kind"]> = Extract<TenantCall, { readonly kind: Kind }>;
type Reading = ReadResponse | ReadAllResponse;

/** A tenant that asks, and knows what it has to be answered, whatever the others do meanwhile. */
export class TenantActor {
  readonly model = new StoreModel(0n, undefined);
  readonly #appends: TenantAppends;
  readonly #streams: TenantStreams;
  readonly #snapshots: TenantSnapshots;
  readonly #projections: TenantProjections;
  readonly #following: { asked: Asked<Reading>; expected: () => readonly RecordedEvent[] }[] = [];

  constructor(
    private readonly world: World,
    private readonly self: MarkedTenant,
    private readonly asker: Asker,
  ) {
    this.#appends = new TenantAppends(world, self, asker, this.model);
    this.#streams = new TenantStreams(world, self, this.model);
    this.#snapshots = new TenantSnapshots(self, asker, this.#streams);
    this.#projections = new TenantProjections(world, self, asker);
  }

  async run(calls: readonly TenantCall[]): Promise<void> {
    for (const call of calls) await this.#do(call);
  }

  /** Waits for what the open streams are still owed, and ends them. */
  async finish(): Promise<void> {
    for (const { asked, expected } of this.#following) {
      const wanted = expected();
      await asked.call.until(() => {
        const answers = asked.answers();
        const live = answers.some(({ answer }) => answer.case === "caughtUp");
        return live && eventsOf(answers).length >= wanted.length;
      });
      expect(eventsOf(asked.answers()).map(seen)).toEqual(wanted.map(shown));
      asked.call.cancel();
    }
    this.asker.assertOnlyOwn();
  }

  get #log(): RecordedEvent[] {
    return this.model.logOf(this.self.tenantId);
  }

  #do(call: TenantCall): Promise<void> {
    switch (call.kind) {
      case "append":
        return this.#appends.unary(call.stream, call.append);
      case "appendStream":
        return this.#appends.pipelined(call.stream, call.appends);
      case "read":
        return this.#read(call);
      case "followStream":
        return this.#followStream(call.n);
      case "readAll":
        return this.#readAll(call);
      case "follow":
        return this.#follow(call.from);
      case "byType":
        return this.#byType(call);
      case "getEvent":
        return this.#getEvent(call);
      case "getStream":
        return this.#getStream(this.world.stream(call.stream.owner, call.stream.n));
      case "getHead":
        return this.#getHead();
      case "reachOut":
        return this.#reachOut(call.how);
      case "saveSnapshot":
        return this.#snapshots.save(this.world.stream(call.stream.owner, call.stream.n), call);
      case "appendAndSave":
        return this.#appendAndSave(call);
      case "getSnapshot":
        return this.#snapshots.get(this.world.stream(call.stream.owner, call.stream.n));
      case "deleteSnapshot":
        return this.#snapshots.delete(this.world.stream(call.stream.owner, call.stream.n));
      case "projection":
        return this.#projections.run(call);
      case "currentTenant":
        return this.#currentTenant();
      case "serverInfo":
        return this.#serverInfo();
      case "administer":
        return this.#administer(call);
      default:
        return call satisfies never;
    }
  }

  async #read({ stream: { owner, n }, direction, from, to, limit }: Call<"read">): Promise<void> {
    const stream = this.world.stream(owner, n);
    const answered = await this.#streams.unlessAbsent(stream, () =>
      this.asker.ask("read", {
        stream,
        direction: direction === "forwards" ? Direction.FORWARDS : Direction.BACKWARDS,
        fromVersion: from,
        toVersion: to,
        limit,
      }),
    );
    if (!answered) return;
    const info = answered.answers[0]?.stream;
    const events = this.model.streamOf(this.self.tenantId, stream);
    expect(info?.aggregateVersion).toBe(BigInt(events.length));
    const picked = events.filter(({ aggregateVersion: v }) => v >= from && (to === 0n || v <= to));
    this.#expectEvents(answered.answers, direction, picked, limit);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- begun, not awaited
  async #followStream(n: number): Promise<void> {
    const stream = this.world.stream(this.world.tenants.indexOf(this.self), n);
    const asked = this.asker.open("read", { stream, follow: true });
    const expected = () => this.model.streamOf(this.self.tenantId, stream);
    this.#following.push({ asked, expected });
  }

  async #readAll({ direction, from, limit, typeOf, tagOf }: Call<"readAll">): Promise<void> {
    const filter: EventFilter = {
      ...noFilter,
      aggregateTypes: typeOf === undefined ? [] : [this.world.stream(typeOf, 0).aggregateType],
      tags: tagOf === undefined ? [] : [this.world.tenants[tagOf]!.marks.tag],
    };
    const forwards = direction === "forwards";
    const { status, answers } = await this.asker.ask("readAll", {
      start: { case: forwards ? "afterPosition" : "beforePosition", value: from },
      filter: { aggregateTypes: [...filter.aggregateTypes], tags: [...filter.tags] },
      limit,
    });
    expect(status).toBe(0);
    expect(answers[0]?.head?.position).toBe(BigInt(this.#log.length));
    const picked = this.#log
      .filter(({ position: p }) => (forwards ? p > from : from === 0n || p < from))
      .filter((event) => matchesFilter(filter, event));
    this.#expectEvents(answers, direction, picked, limit);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- begun, not awaited
  async #follow(from: bigint): Promise<void> {
    const start = { case: "afterPosition", value: from } as const;
    const asked = this.asker.open("readAll", { start, follow: true });
    const expected = () => this.#log.filter(({ position }) => position > from);
    this.#following.push({ asked, expected });
  }

  /** Reads to the end, from the beginning or from where a token leads that some tenant was given. */
  async #byType({ owner, pageSize, othersToken }: Call<"byType">): Promise<void> {
    const { aggregateType } = this.world.stream(owner, 0);
    const start = othersToken ? this.world.tokens.at(-1) : undefined;
    const events: RecordedEvent[] = this.#log.filter(
      (event) => event.aggregateType === aggregateType && event.position > (start?.after ?? 0n),
    );
    let pageToken = start?.token ?? "";
    for (let left = events; ; left = left.slice(pageSize)) {
      const { status, answers } = await this.asker.ask("getEventsByType", {
        aggregateType,
        pageSize,
        pageToken,
      });
      expect(status).toBe(0);
      const [page] = answers;
      const wanted = left.slice(0, pageSize);
      expect(page?.events.map(seen)).toEqual(wanted.map(shown));
      pageToken = page?.nextPageToken ?? "";
      if (pageToken === "") {
        expect(left.length).toBeLessThanOrEqual(pageSize);
        return;
      }
      const last = wanted.at(-1);
      expect(last).toBeDefined(); // or it would never come to an end
      if (last) this.world.tokens.push({ token: pageToken, after: last.position });
    }
  }

  async #getEvent({ owner, n }: Call<"getEvent">): Promise<void> {
    const eventId = eventIdOf(this.world.tenant(owner), n);
    const { status, answers, detail } = await this.asker.ask("getEvent", { eventId });
    const event = this.#log.find((one) => one.eventId === eventId);
    if (event) {
      expect(answers.map((answer) => seen(answer.event!))).toEqual([shown(event)]);
    } else expect([status, detail?.reason]).toEqual([5, ErrorReason.EVENT_NOT_FOUND]);
  }

  async #getStream(stream: StreamId): Promise<void> {
    const answered = await this.#streams.unlessAbsent(stream, () =>
      this.asker.ask("getStream", { stream }),
    );
    if (!answered) return;
    const info = answered.answers[0]?.stream;
    const events = this.model.streamOf(this.self.tenantId, stream);
    expect([info?.aggregateVersion, microsOf(info?.createdAt), microsOf(info?.updatedAt)]).toEqual([
      BigInt(events.length),
      events[0]?.recordedAt,
      events.at(-1)?.recordedAt,
    ]);
  }

  async #getHead(): Promise<void> {
    const { answers } = await this.asker.ask("getHead", {});
    const head = answers[0]?.head;
    const last = this.#log.at(-1);
    expect([head?.position, microsOf(head?.recordedAt)]).toEqual([
      last?.position ?? 0n,
      last?.recordedAt,
    ]);
    expect([head?.globalPosition, head?.cursor]).toEqual([0n, ""]);
  }

  /** What no tenant may. */
  async #reachOut(how: Call<"reachOut">["how"]): Promise<void> {
    const status = {
      "whole log": () => this.asker.ask("readAll", { scope: Scope.ALL_TENANTS }),
      "whole head": () => this.asker.ask("getHead", { scope: Scope.ALL_TENANTS }),
      cursor: () => this.asker.ask("readAll", { start: { case: "afterCursor", value: "g1-0" } }),
      "whole projections": () => this.asker.ask("listProjections", { scope: Scope.ALL_TENANTS }),
      "whole dead letters": () =>
        this.asker.ask("listDeadLetters", { scope: Scope.ALL_TENANTS, name: "x" }),
      "tenant filter": () => this.asker.ask("readAll", { filter: { tenantIds: [newTenant()] } }),
    }[how]();
    expect([3, 7]).toContain((await status).status);
  }

  async #appendAndSave(call: Call<"appendAndSave">): Promise<void> {
    const { own, n } = call.stream;
    const owner = own ? this.world.tenants.indexOf(this.self) : "shared";
    await this.#appends.unary(call.stream, call.append);
    await this.#snapshots.save(this.world.stream(owner, n), call);
  }

  async #currentTenant(): Promise<void> {
    const { answers } = await this.asker.ask("getCurrentTenant", {});
    expect(answers[0]?.tenantId).toBe(this.self.tenantId);
    this.world.expectConfigured(this.self, answers[0]);
  }

  async #serverInfo(): Promise<void> {
    expect((await this.asker.ask("getServerInfo", {})).status).toBe(0);
  }

  /** What only an operator may, of itself and of others. */
  async #administer({ how, tenant }: Call<"administer">): Promise<void> {
    const { tenantId } = this.world.tenants[tenant]!;
    const answered = {
      list: () => this.asker.ask("listTenants", {}),
      describe: () => this.asker.ask("describeTenant", { tenantId }),
      configure: () => this.asker.ask("configureTenant", { tenantId, displayName: "taken" }),
      suspend: () => this.asker.ask("suspendTenant", { tenantId, reason: "taken" }),
      resume: () => this.asker.ask("resumeTenant", { tenantId }),
    }[how]();
    expect((await answered).status).toBe(7);
  }

  #expectEvents(
    answers: readonly Reading[],
    direction: string,
    picked: readonly RecordedEvent[],
    limit: bigint,
  ): void {
    const ordered = direction === "forwards" ? picked : picked.toReversed();
    const wanted = ordered.slice(0, limit === 0n ? ordered.length : Number(limit));
    expect(eventsOf(answers).map(seen)).toEqual(wanted.map(shown));
  }
}
