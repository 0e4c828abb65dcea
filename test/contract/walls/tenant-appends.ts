import type { MessageInitShape } from "@bufbuild/protobuf";
import { type ErrorDetail, ErrorReason } from "@annals/proto/annals/v1/error";
import type { AppendRequestSchema, AppendResponse } from "@annals/proto/annals/v1/event_store";
import { expect } from "vitest";
import type { ExpectedVersion } from "#server/domain/expected-version.js";
import type { StreamId } from "#server/domain/stream.js";
import type { AppendIntent, AppendOutcome } from "#server/store/store.js";
import { any, exactly, noStream, streamExists } from "../../support/client.js";
import type { StoreModel } from "../store/model.js";
import type { Asker } from "./asker.js";
import { eventIdOf, type MarkedTenant, markedEvent } from "./marks.js";
import type { AppendCall } from "./program.js";
import { microsOf } from "./wire-event.js";
import type { World } from "./world.js";

/** One of the tenant's own stream names, or one that all have. */
interface OwnName {
  readonly own: boolean;
  readonly n: number;
}

/** A tenant's appends, held against a model of its log. */
export class TenantAppends {
  constructor(
    private readonly world: World,
    private readonly self: MarkedTenant,
    private readonly asker: Asker,
    private readonly model: StoreModel,
  ) {}

  async unary(name: OwnName, call: AppendCall): Promise<void> {
    const intent = this.#intentOf(name, call);
    const { status, answers, detail } = await this.asker.ask("append", toRequest(intent));
    expect(status === 0).toBe(answers.length === 1);
    this.#expectOutcome(intent, answers[0], detail);
  }

  /** Several at once: those of one stream are taken in the order sent. */
  async pipelined(name: OwnName, calls: readonly AppendCall[]): Promise<void> {
    const intents = calls.map((call) => this.#intentOf(name, call));
    const requests = intents.map((intent, i) => ({
      correlationId: BigInt(i),
      append: toRequest(intent),
    }));
    const { status, answers } = await this.asker.ask("appendStream", ...requests);
    expect([status, answers.length]).toEqual([0, intents.length]);
    for (const [i, intent] of intents.entries()) {
      const outcome = answers.find(({ correlationId }) => correlationId === BigInt(i))?.outcome;
      const appended = outcome?.case === "appended" ? outcome.value : undefined;
      const detail = outcome?.case === "failed" ? outcome.value.detail : undefined;
      this.#expectOutcome(intent, appended, detail);
    }
  }

  #intentOf({ own, n }: OwnName, { expected, ids }: AppendCall): AppendIntent {
    const owner = own ? this.world.tenants.indexOf(this.self) : "shared";
    const stream = this.world.stream(owner, n);
    this.world.begins(this.self, stream);
    const events = ids.map((id) =>
      markedEvent(this.self, eventIdOf(id.own ? this.self : undefined, id.n)),
    );
    return { tenantId: this.self.tenantId, stream, expected, events };
  }

  #expectOutcome(
    intent: AppendIntent,
    appended: AppendResponse | undefined,
    detail: ErrorDetail | undefined,
  ): void {
    const recordedAt = microsOf(appended?.recordedAt) ?? 0n;
    const outcome = this.model.append(intent, recordedAt);
    if (outcome.ok) {
      this.world.hasWritten(this.self, intent.stream);
      expect(appended).toMatchObject({
        aggregateVersion: outcome.version,
        firstPosition: outcome.firstPosition,
        lastPosition: outcome.lastPosition,
        deduplicated: outcome.deduplicated,
      });
      expect(recordedAt).toBe(outcome.recordedAt);
    } else expectFailure(outcome, detail);
  }
}

function expectFailure(
  { failure }: Extract<AppendOutcome, { ok: false }>,
  detail: ErrorDetail | undefined,
): void {
  if (failure.reason === "version_conflict") {
    expect(detail?.reason).toBe(ErrorReason.VERSION_CONFLICT);
    expect(detail?.detail.value).toMatchObject({ actualVersion: failure.actual });
  } else {
    expect(detail?.reason).toBe(ErrorReason.DUPLICATE_EVENT_ID);
    expect(detail?.detail.value).toMatchObject({
      eventId: (failure as { eventId: string }).eventId,
    });
  }
}

function toRequest({
  stream,
  expected,
  events,
}: AppendIntent): MessageInitShape<typeof AppendRequestSchema> {
  return {
    stream: streamInit(stream),
    expectedVersion: toWire(expected),
    events: events.map(({ data, metadata, tags, ...event }) => ({
      ...event,
      occurredAt: undefined,
      data: new Uint8Array(data),
      metadata: { ...metadata },
      tags: [...tags],
    })),
  };
}

function streamInit({ aggregateType, aggregateId }: StreamId): {
  aggregateType: string;
  aggregateId: string;
} {
  return { aggregateType, aggregateId };
}

function toWire(
  expected: ExpectedVersion,
): MessageInitShape<typeof AppendRequestSchema>["expectedVersion"] {
  if (expected.kind === "exactly") return exactly(expected.version);
  return { any, no_stream: noStream, stream_exists: streamExists }[expected.kind];
}
