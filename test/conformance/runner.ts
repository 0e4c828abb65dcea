import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  create,
  createRegistry,
  type DescMethod,
  type DescMethodBiDiStreaming,
  type DescMethodUnary,
  fromJson,
  type JsonValue,
  type Message,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { file_annals_v1_error } from "@annals/proto/annals/v1/error";
import { file_annals_v1_event_store } from "@annals/proto/annals/v1/event_store";
import { file_annals_v1_projections } from "@annals/proto/annals/v1/projections";
import { file_annals_v1_server_info } from "@annals/proto/annals/v1/server_info";
import { file_annals_v1_snapshots } from "@annals/proto/annals/v1/snapshots";
import { file_annals_v1_tenants } from "@annals/proto/annals/v1/tenants";
import { mismatch } from "./matches.js";
import type { Scenario, Step } from "./scenario.js";

type Call = Extract<Step, { readonly call: string }>;
type Json = Readonly<Record<string, unknown>>;

/** The contract as it is now. */
const current = createRegistry(
  file_annals_v1_error,
  file_annals_v1_event_store,
  file_annals_v1_projections,
  file_annals_v1_server_info,
  file_annals_v1_snapshots,
  file_annals_v1_tenants,
);

/** How long an open call may keep its next answer, in milliseconds. */
const patienceMs = 10_000;

/**
 * Makes a scenario's calls over a transport.
 *
 * @param contract what the client knows of the contract
 * @throws Error that says which step went wrong, and how
 */
export async function runScenario(
  transport: Transport,
  scenario: Scenario,
  contract: Registry = current,
): Promise<void> {
  const run = new Run(transport, contract);
  try {
    for (const [i, step] of scenario.steps.entries()) {
      const what = "call" in step ? step.call : "from" in step ? `from ${step.from}` : "close";
      await run.step(step).catch((error: unknown) => {
        throw new Error(`step ${i + 1}, ${what}: ${String(error)}`, { cause: error });
      });
    }
  } finally {
    run.end();
  }
}

class Run {
  readonly #values = new Map<string, string>();
  readonly #open = new Map<string, { answers: AsyncIterator<Message>; method: DescMethod }>();
  readonly #ending = new AbortController();

  constructor(
    private readonly transport: Transport,
    private readonly contract: Registry,
  ) {}

  end(): void {
    this.#ending.abort();
  }

  async step(given: Step): Promise<void> {
    const step = this.#fill(given);
    if ("close" in step) this.#open.delete(step.close);
    else if ("from" in step) await this.#take(step);
    else if ("open" in step) {
      const { method, answers } = this.#call(step);
      this.#open.set(step.open, { method, answers: answers[Symbol.asyncIterator]() });
    } else await this.#make(step);
  }

  async #make(step: Exclude<Call, { readonly open: string }>): Promise<void> {
    const { method, answers } = this.#call(step);
    const came: Json[] = [];
    let error: ConnectError | undefined;
    try {
      for await (const answer of answers) came.push(jsonOf(method, answer));
    } catch (reason) {
      error = ConnectError.from(reason);
    }
    if (step.error) assertError(step.error, error, this.contract);
    else if (error) throw error;
    if (step.expect !== undefined) assertMatch(step.expect, came[0]);
    if (step.events) assertMatch(step.events, came.flatMap(eventsOf), "events");
    for (const [id, expected] of Object.entries(step.answersById ?? {})) {
      assertMatch(
        expected,
        came.find((answer) => (answer["correlationId"] ?? "0") === id),
        id,
      );
    }
    for (const [name, path] of Object.entries(step.save ?? {})) {
      const value = path.split(".").reduce<unknown>((at, field) => (at as Json)[field], came[0]);
      this.#values.set(name, String(value));
    }
  }

  async #take(step: Extract<Step, { readonly from: string }>): Promise<void> {
    const open = this.#open.get(step.from);
    if (!open) throw new Error("is not open");
    const events: unknown[] = [];
    let marked = step.until === undefined;
    while (!marked || events.length < step.events.length) {
      const next = await this.#soon(open.answers.next());
      if (next.done === true) throw new Error(`ended after ${JSON.stringify(events)}`);
      const answer = jsonOf(open.method, next.value);
      events.push(...eventsOf(answer));
      marked ||= step.until !== undefined && step.until in answer;
    }
    assertMatch(step.events, events, "events");
    if (step.ended && (await this.#soon(open.answers.next())).done !== true) {
      throw new Error("goes on");
    }
  }

  #call(step: Call): { method: DescMethod; answers: AsyncIterable<Message> } {
    const method = methodOf(step.call, this.contract);
    if (!method) throw new Error("there is no such method");
    const headers = step.metadata ?? this.#credential(step.as);
    const { signal } = this.#ending;
    const requests = (step.requests ?? [step.request ?? {}]).map((request) =>
      fromJson(method.input, request),
    );
    if (method.methodKind === "unary") {
      const input = requests[0] ?? create(method.input);
      const { transport } = this;
      const answers = (async function* () {
        const unary = method as DescMethodUnary;
        yield (await transport.unary(unary, signal, undefined, headers, input)).message;
      })();
      return { method, answers };
    }
    const streamed = (async function* () {
      await Promise.resolve();
      yield* requests;
    })();
    const answering = this.transport.stream(
      method as DescMethodBiDiStreaming,
      signal,
      undefined,
      headers,
      streamed,
    );
    const answers = (async function* () {
      yield* (await answering).message;
    })();
    return { method, answers };
  }

  #credential(name: string): Record<string, string> {
    if (name === "none") return {};
    return { "x-tenant-id": name === "operator" ? "*" : this.#value(`tenant ${name}`) };
  }

  /** A step with its placeholders filled in. */
  #fill<Value>(value: Value): Value {
    const text = JSON.stringify(value).replace(/\$\{([^}]+)\}/g, (_, name: string) =>
      JSON.stringify(this.#value(name)).slice(1, -1),
    );
    return JSON.parse(text) as Value;
  }

  #value(name: string): string {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    if (!/^(uuid|tenant) /.test(name)) throw new Error(`nothing was saved as ${name}`);
    const fresh = randomUUID();
    this.#values.set(name, fresh);
    return fresh;
  }

  async #soon<T>(answer: Promise<T>): Promise<T> {
    const late = sleep(patienceMs, undefined, { signal: this.#ending.signal, ref: false }).then(
      () => {
        throw new Error("no answer came");
      },
    );
    late.catch(() => undefined);
    return Promise.race([answer, late]);
  }
}

/** The method that a step names; undefined: the contract has none of that name. */
export function methodOf(call: string, contract: Registry): DescMethod | undefined {
  const [service = "", name] = call.includes("/")
    ? call.split("/")
    : ["annals.v1.EventStore", call];
  return contract.getService(service)?.methods.find((one) => one.name === name);
}

function jsonOf(method: DescMethod, answer: Message): Json {
  return toJson(method.output, answer) as Json;
}

function eventsOf(answer: Json): readonly unknown[] {
  return (answer["page"] as { readonly events?: readonly unknown[] } | undefined)?.events ?? [];
}

function assertError(
  expected: { readonly code: string; readonly detail?: JsonValue | undefined },
  error: ConnectError | undefined,
  contract: Registry,
): void {
  if (!error) throw new Error(`expected ${expected.code}, but it went well`);
  const code = (Code[error.code] ?? "").replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
  assertMatch(expected.code, code, "code");
  if (expected.detail === undefined) return;
  const [detail] = error.findDetails(contract);
  const desc = detail && contract.getMessage(detail.$typeName);
  assertMatch(expected.detail, desc && toJson(desc, detail), "detail");
}

function assertMatch(expected: unknown, actual: unknown, path?: string): void {
  const fault = mismatch(expected, actual, path);
  if (fault !== undefined) throw new Error(fault);
}
