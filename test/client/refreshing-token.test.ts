import { setImmediate as turn } from "node:timers/promises";
import { refreshingToken } from "@annals/client";
import { expect, test } from "vitest";

/** An issuer of tokens good for ten seconds, on a clock that is turned by hand. */
function issuer() {
  const state = { now: 0, asked: 0, issued: 0, fails: false };
  const issue = (): Promise<{ token: string; expiresAt: Date }> => {
    state.asked++;
    if (state.fails) return Promise.reject(new Error("the issuer is down"));
    const token = `token-${++state.issued}`;
    return Promise.resolve({ token, expiresAt: new Date(state.now + 10_000) });
  };
  const token = refreshingToken(issue, { refreshBeforeMs: 3_000, now: () => state.now });
  return { state, token };
}

test("calls share one token and one request for it", async () => {
  const { state, token } = issuer();
  const tokens = await Promise.all(Array.from({ length: 10 }, token));
  expect(new Set(tokens)).toEqual(new Set(["token-1"]));
  expect(state.issued).toBe(1);
});

test("shortly before it expires a new one is asked for, and nobody waits", async () => {
  const { state, token } = issuer();
  await token();
  state.now = 6_999;
  expect(await token()).toBe("token-1");
  expect(state.issued).toBe(1);
  state.now = 7_000;
  expect(await token()).toBe("token-1");
  await expect.poll(token).toBe("token-2");
});

test("an issuer that does not answer is asked anew after a time, and only then", async () => {
  let asked = 0;
  const issue = () => {
    const expiresAt = new Date(Date.now() + 3_600_000);
    const answer = Promise.resolve({ token: "good", expiresAt });
    return ++asked === 1 ? new Promise<never>(() => undefined) : answer;
  };
  const token = refreshingToken(issue, { issueTimeoutMs: 20 });
  const waiting = await Promise.allSettled([token(), token()]);
  expect(waiting.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(asked).toBe(1);
  expect(await token()).toBe("good");
});

test("an issuer that throws when it is asked fails no call while the token is good", async () => {
  let now = 0;
  const issue = () => {
    if (now > 0) throw new Error("the issuer is down");
    return Promise.resolve({ token: "good", expiresAt: new Date(10_000) });
  };
  const token = refreshingToken(issue, { refreshBeforeMs: 3_000, now: () => now });
  await token();
  now = 8_000;
  expect(await token()).toBe("good");
});

test("an issuer that is down shows only when the token has expired, and is not hammered", async () => {
  const { state, token } = issuer();
  await token();
  Object.assign(state, { now: 8_000, fails: true });
  for (let i = 0; i < 5; i++) expect(await token()).toBe("token-1");
  state.now = 10_000;
  await expect(token()).rejects.toThrow("the issuer is down");
  state.fails = false;
  expect(await token()).toBe("token-2");
});

test("an issuer that is down is asked once a second while the token is good", async () => {
  const { state, token } = issuer();
  await token();
  Object.assign(state, { asked: 0, fails: true });
  for (state.now = 8_000; state.now < 9_000; state.now += 100) {
    expect(await token()).toBe("token-1");
    await turn();
  }
  expect(state.asked).toBe(1);
});
