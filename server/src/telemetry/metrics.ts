import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Failure } from "../domain/error.js";
import { type Instant, systemClock } from "../domain/instant.js";
import type { AuditEvent } from "../interceptors/audit.js";
import type { Call } from "../interceptors/call.js";
import type { CallObserver } from "../interceptors/observe-calls.js";
import { type Follower, type Followers, lagOf } from "../reader/followers.js";
import type { PageCache } from "../reader/page-cache.js";
import type { Tail } from "../reader/tail.js";
import type { AppendOutcome } from "../store/store.js";
import type { CommittedBatch, Writer } from "../writer/writer.js";

/** Upper bounds of what takes a fraction of a second, in seconds. */
const durations = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Upper bounds of how many appends went in one commit. */
const batchSizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048];

/** The parts of a server whose state is looked at whenever metrics are asked for. */
export interface ObservedParts {
  readonly writer: Pick<Writer, "queued">;
  readonly pageCache: Pick<PageCache, "bytes">;
  readonly tail: Pick<Tail, "bytes">;
  readonly followers: Pick<Followers, "all">;
}

/**
 * What the server counts and measures, for Prometheus. No label names a tenant, a stream or a caller: what one
 * tenant does is told to nobody, and there are never more series than methods and reasons.
 * docs/reference/metrics.md lists them all.
 */
export class Metrics implements CallObserver {
  readonly #registry = new Registry();
  readonly #calls = this.#counter("calls_total", "Calls that ended.", ["method", "outcome"]);
  readonly #callDurations = this.#histogram(
    "call_duration_seconds",
    "From the coming of a unary call to its answer.",
    durations,
    ["method"],
  );
  readonly #openStreams = this.#gauge("open_streams", "Streaming calls under way.", ["method"]);
  readonly #appends = this.#counter("appends_total", "Appends, unary and pipelined.", ["outcome"]);
  readonly #appendedEvents = this.#counter("appended_events_total", "Events written.");
  readonly #appendedBytes = this.#counter("appended_bytes_total", "Bytes of events written.");
  readonly #commitDurations = this.#histogram(
    "commit_duration_seconds",
    "From handing a batch of appends to the store to its outcomes.",
    durations,
  );
  readonly #commitAppends = this.#histogram("commit_appends", "Appends in a batch.", batchSizes);
  readonly #failedCommits = this.#counter(
    "failed_commits_total",
    "Batches that failed as a whole.",
  );
  readonly #readEvents = this.#counter("read_events_total", "Events handed to readers.");
  readonly #followedBytes = this.#counter(
    "followed_bytes_total",
    "Bytes of events handed to followers.",
  );
  readonly #pages = this.#counter("page_cache_pages_total", "Pages asked for.", ["result"]);
  readonly #storeUp = this.#gauge("store_up", "1 while the store answers, otherwise 0.");
  readonly #storeCheck = this.#gauge("store_check_seconds", "How long its last check took.");
  readonly #auditLogUp = this.#gauge(
    "audit_log_up",
    "1 while audit records are written, otherwise 0.",
  );
  readonly #auditEvents = this.#counter("audit_events_total", "Audit records.", ["event"]);

  /** @param build what is running, said once as labels */
  constructor(build: Readonly<{ version: string; store: string }>) {
    this.#gauge("build_info", "What is running.", ["version", "store"]).set(build, 1);
    this.#storeUp.set(1);
    this.#auditLogUp.set(1);
    processMetrics();
  }

  /** Looks at parts of the server from now on. */
  watch({ writer, pageCache, tail, followers }: ObservedParts): void {
    this.#reading("write_queue_appends", "Appends that wait.", () => writer.queued().appends);
    this.#reading("write_queue_bytes", "Bytes that wait.", () => writer.queued().bytes);
    this.#reading("page_cache_bytes", "Bytes of events in kept pages.", () => pageCache.bytes);
    this.#reading("tail_bytes", "Bytes of the newest events kept.", () => tail.bytes);
    this.#reading("followers", "Calls that follow a log.", () => followers.all.size);
    const mostOf = (lag: (follower: Follower) => number): number =>
      [...followers.all].reduce((most, follower) => Math.max(most, lag(follower)), 0);
    this.#reading(
      "follower_lag_events",
      "Events that the hindmost follower has not been handed.",
      () => mostOf(lagOf),
    );
    this.#reading("follower_lag_seconds", "Age of what a follower that lags was handed last.", () =>
      mostOf((follower) => secondsBehind(follower, systemClock())),
    );
  }

  readonly callBegan = ({ streaming, method }: Call): void => {
    if (streaming) this.#openStreams.inc({ method });
  };

  readonly callEnded = (call: Call, reason: Failure["reason"] | undefined): void => {
    const { method } = call;
    this.#calls.inc({ method, outcome: reason ?? "ok" });
    if (call.streaming) this.#openStreams.dec({ method });
    else this.#callDurations.observe({ method }, (performance.now() - call.startedMs) / 1_000);
  };

  readonly appendEnded = (outcome: AppendOutcome): void => {
    this.#appends.inc({ outcome: nameOf(outcome) });
  };

  readonly batchCommitted = ({ appends, outcomes, ms }: CommittedBatch): void => {
    this.#commitDurations.observe(ms / 1_000);
    this.#commitAppends.observe(appends.length);
    appends.forEach(({ intent, bytes }, i) => {
      const outcome = outcomes[i];
      if (!outcome?.ok || outcome.deduplicated) return;
      this.#appendedEvents.inc(intent.events.length);
      this.#appendedBytes.inc(bytes);
    });
  };

  readonly batchFailed = (): void => {
    this.#failedCommits.inc();
  };

  readonly eventsRead = (count: number): void => {
    this.#readEvents.inc(count);
  };

  readonly bytesFollowed = (bytes: number): void => {
    this.#followedBytes.inc(bytes);
  };

  readonly pageAsked = (result: "kept" | "read"): void => {
    this.#pages.inc({ result });
  };

  readonly storeAnswers = (yes: boolean): void => {
    this.#storeUp.set(yes ? 1 : 0);
  };

  readonly storeChecked = (ms: number): void => {
    this.#storeCheck.set(ms / 1_000);
  };

  readonly auditLogTakes = (yes: boolean): void => {
    this.#auditLogUp.set(yes ? 1 : 0);
  };

  readonly audited = (event: AuditEvent): void => {
    this.#auditEvents.inc({ event });
  };

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything in Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/ */
  text(): Promise<string> {
    return Registry.merge([this.#registry, processMetrics()]).metrics();
  }

  #counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    return new Counter({ ...this.#named(name, help), labelNames });
  }

  #gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    return new Gauge({ ...this.#named(name, help), labelNames });
  }

  #histogram(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly string[] = [],
  ): Histogram {
    return new Histogram({ ...this.#named(name, help), labelNames, buckets });
  }

  #reading(name: string, help: string, read: () => number): void {
    new Gauge({
      ...this.#named(name, help),
      collect() {
        this.set(read());
      },
    });
  }

  #named(name: string, help: string): { name: string; help: string; registers: Registry[] } {
    return { name: `annals_${name}`, help, registers: [this.#registry] };
  }
}

function secondsBehind(follower: Follower, now: Instant): number {
  const { recordedAt } = follower;
  return recordedAt === undefined || lagOf(follower) === 0 ? 0 : Number(now - recordedAt) / 1e6;
}

/** What the library measures of Node and of the process: once, however many servers are in it. */
function processMetrics(): Registry {
  if (!ofProcess) collectDefaultMetrics({ register: (ofProcess = new Registry()) });
  return ofProcess;
}

let ofProcess: Registry | undefined;

function nameOf(outcome: AppendOutcome): string {
  if (!outcome.ok) return outcome.failure.reason;
  return outcome.deduplicated ? "deduplicated" : "ok";
}
