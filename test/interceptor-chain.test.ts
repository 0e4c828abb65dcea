import { setTimeout } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { AnnalsError } from "#server/domain/error.js";
import { deadline } from "#server/interceptors/deadline.js";
import { type Interceptor, runChain } from "#server/interceptors/interceptor.js";
import { mapErrors } from "#server/interceptors/map-errors.js";
import { refuseOverdrawn } from "#server/interceptors/overdrawn.js";
import { tenant } from "#server/interceptors/tenant.js";
import { newTenant } from "./support/store-input.js";
import { newIdentity, TestCall } from "./support/test-call.js";

/** One that writes down when it is passed, in either direction. */
function noting(name: string, notes: string[]): Required<Interceptor> {
  return {
    enter: () => {
      notes.push(`in ${name}`);
    },
    leave: (_, error) => {
      notes.push(`out ${name}`);
      return error;
    },
  };
}

const cancelled = new AnnalsError({ reason: "cancelled", outcomeUnknown: true });
const never = (): Promise<never> => new Promise(() => undefined);

test("a call goes in by the chain's order and out again the other way", async () => {
  const notes: string[] = [];
  const call = new TestCall();
  const chain = [noting("a", notes), noting("b", notes)];
  const answer = await runChain(chain, call, () => {
    call.onEnd(() => notes.push("undone"));
    notes.push("handler");
    return Promise.resolve(42);
  });
  expect(answer).toBe(42);
  expect(notes).toEqual(["in a", "in b", "handler", "undone", "out b", "out a"]);
});

test("who refuses is not left by the way out; who let the call pass is", async () => {
  const notes: string[] = [];
  const refuse: Interceptor = {
    ...noting("refuse", notes),
    enter: () => {
      throw cancelled;
    },
  };
  const call = new TestCall();
  call.onEnd(() => notes.push("undone"));
  const chain = [noting("a", notes), refuse, noting("b", notes)];
  await expect(runChain(chain, call, () => Promise.resolve())).rejects.toBe(cancelled);
  expect(notes).toEqual(["in a", "undone", "out a"]);
});

test("what a way out makes of an error, or throws, is what the ones outside of it see", async () => {
  const seen: unknown[] = [];
  const see: Interceptor = {
    leave: (_, error) => {
      seen.push(error);
      return error;
    },
  };
  const thrown = new Error("a log that cannot be written");
  const failing: Interceptor = {
    leave: () => {
      throw thrown;
    },
  };
  const mapping: Interceptor = { leave: () => cancelled };
  const handler = (): Promise<void> => Promise.reject(new Error("surprise"));
  await expect(runChain([see, mapping], new TestCall(), handler)).rejects.toBe(cancelled);
  await expect(runChain([see, failing, mapping], new TestCall(), handler)).rejects.toBe(thrown);
  expect(seen).toEqual([cancelled, thrown]);
});

test("a unary call ends when it is aborted, whatever its handler or a promise on the way in waits for", async () => {
  for (const chain of [[], [{ enter: never }]]) {
    const call = new TestCall();
    const running = runChain(chain, call, never);
    await setTimeout(1);
    call.abort(cancelled);
    await expect(running).rejects.toBe(cancelled);
  }
  const late = new TestCall("unary", { deadline: Date.now() + 20 });
  const passed = runChain([deadline(60_000)], late, never);
  await expect(passed).rejects.toMatchObject({ failure: { reason: "deadline_exceeded" } });
});

test("a streaming call's handler ends by itself", async () => {
  const call = new TestCall("streaming");
  const running = runChain([], call, async () => {
    await setTimeout(20);
    return "its last answer";
  });
  call.abort(cancelled);
  expect(await running).toBe("its last answer");
});

test("a unary call that was aborted before it is run ends at once", async () => {
  const call = new TestCall();
  call.abort(cancelled);
  await expect(runChain([], call, never)).rejects.toBe(cancelled);
  expect(call.signal.aborted).toBe(true);
});

test("what fails because its caller has gone is no defect of the server's", async () => {
  const logger = { isLevelEnabled: () => true, debug: vi.fn(), info: vi.fn(), error: vi.fn() };
  const call = new TestCall("streaming");
  const running = runChain([mapErrors(logger)], call, () => {
    call.abort(cancelled);
    return Promise.reject(new Error("a connection was closed under it"));
  });
  await expect(running).rejects.toMatchObject({ failure: { reason: "cancelled" } });
  expect(logger.error).not.toHaveBeenCalled();
});

test("a tenant that is named twice is refused, though the credential allows both", () => {
  const tenantIds = [newTenant(), newTenant()];
  const call = new TestCall("unary", { tenantIds });
  call.identity = newIdentity({ tenants: tenantIds });
  expect(() => void tenant.enter?.(call)).toThrow("once");
});

test("a tenant above its rate is refused a unary append, not its pipelined call as a whole", () => {
  const overdrawn = refuseOverdrawn({
    assertNotOverdrawn: () => {
      throw cancelled;
    },
  });
  const entering = (kind: "unary" | "streaming") => () => {
    const call = new TestCall(kind, { scopes: ["events:append"] });
    call.tenantId = newTenant();
    void overdrawn.enter?.(call);
  };
  expect(entering("unary")).toThrow();
  expect(entering("streaming")).not.toThrow();
});
