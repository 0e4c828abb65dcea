import { createHmac, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EventStore } from "@annals/proto/annals/v1/event_store";
import type { AnnalsServer } from "#server/compose.js";
import { appendTo, failureOf, grpcTransport } from "../support/client.js";
import { newTenant, startTestServer } from "../support/server.js";
import { tempFolder } from "../support/temp-folder.js";

const rsa = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const good = rsa();
const next = rsa();
const pem = good.publicKey.export({ type: "spki", format: "pem" }).toString();
const jwk = (key: KeyObject, kid: string) => ({ ...key.export({ format: "jwk" }), kid });
const setOf = (...keys: object[]) => JSON.stringify({ keys });

const claims = { tenant_id: newTenant(), scope: "events:append events:read" };
const mint = (
  options: {
    key?: KeyObject | Uint8Array;
    kid?: string;
    alg?: string;
    aud?: string;
    iss?: string;
    exp?: string | number;
  } = {},
) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: options.alg ?? "RS256", kid: options.kid ?? "good" })
    .setAudience(options.aud ?? "annals")
    .setIssuer(options.iss ?? "https://issuer.example")
    .setExpirationTime(options.exp ?? "5 minutes")
    .sign(options.key ?? good.privateKey);

const withToken = (server: AnnalsServer, token: string) =>
  createClient(EventStore, grpcTransport(server.grpcAddress, { authorization: `Bearer ${token}` }));
const codeOf = async (server: AnnalsServer, token: string) =>
  (await failureOf(withToken(server, token).getHead({}))).code;

const settings = {
  auth: "jwt",
  authJwtIssuer: "https://issuer.example",
  authJwtAudience: "annals",
  authJwtClockSkewSeconds: "0",
};

/** Signed with the text of the public key as if it were a secret. */
function swappedKeyToken(): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 300;
  const body = { ...claims, aud: "annals", iss: "https://issuer.example", exp };
  const signed = `${encode({ alg: "HS256", kid: "good" })}.${encode(body)}`;
  return `${signed}.${createHmac("sha256", pem).update(signed).digest("base64url")}`;
}

describe.each(["a static key", "a key set"])("tokens that attack %s", (kind) => {
  let server: AnnalsServer;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "annals-test-"));
    const file = join(folder, "keys");
    writeFileSync(file, kind === "a key set" ? setOf(jwk(good.publicKey, "good")) : pem);
    const from = kind === "a key set" ? { authJwtJwks: file } : { authJwtKeyFile: file };
    server = await startTestServer({ ...settings, ...from });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  test("a good one is let in, so that the refusals below mean something", async () => {
    const client = withToken(server, await mint());
    await client.getHead({});
    await client.getHead({});
  });

  test.each<[string, () => string | Promise<string>]>([
    ["forged", () => mint({ key: next.privateKey })],
    ["expired", () => mint({ exp: "-1 second" })],
    ["wrong audience", () => mint({ aud: "elsewhere" })],
    ["wrong issuer", () => mint({ iss: "https://elsewhere.example" })],
    ["swapped key: HS256 with the public key as the secret", swappedKeyToken],
    ["another algorithm of the same key", () => mint({ alg: "PS512" })],
    ["alg none", () => new UnsecuredJWT(claims).setExpirationTime("5 minutes").encode()],
    ["an API key where none are accepted", () => `annals_abc_${"A".repeat(43)}`],
  ])("%s", async (_, token) => {
    expect(await codeOf(server, await token())).toBe("Unauthenticated");
  });

  test("a tampered token is refused after the good one is remembered", async () => {
    const token = await mint();
    await withToken(server, token).getHead({});
    const [header = "", , signature = ""] = token.split(".");
    const other = Buffer.from(
      JSON.stringify({ ...claims, tenant_id: newTenant(), exp: 9_999_999_999 }),
    ).toString("base64url");
    expect(await codeOf(server, `${header}.${other}.${signature}`)).toBe("Unauthenticated");
  });

  test("a stream opened before expiry is ended with it", async () => {
    const token = await mint({ exp: Math.floor(Date.now() / 1000) + 2 });
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const requests = async function* () {
      yield { correlationId: 1n, append: appendTo(newTenant()) };
      await held;
    };
    let answers = 0;
    const reading = async (): Promise<void> => {
      for await (const { correlationId } of withToken(server, token).appendStream(requests()))
        answers += Number(correlationId);
    };
    const { code, message } = await failureOf(reading());
    release();
    expect([answers, code, message]).toEqual([1, "Unauthenticated", "the credential has expired"]);
  });
});

test("an unknown kid is refused; a rotated key set is taken up and its old keys let nobody in", async () => {
  const file = join(tempFolder(), "keys.json");
  writeFileSync(file, setOf(jwk(good.publicKey, "good")));
  const server = await startTestServer({ ...settings, authJwtJwks: file });
  try {
    const [old, fresh] = [await mint(), await mint({ key: next.privateKey, kid: "next" })];
    await withToken(server, old).getHead({});
    expect(await codeOf(server, fresh)).toBe("Unauthenticated");
    writeFileSync(file, setOf(jwk(next.publicKey, "next")));
    await expect
      .poll(
        () =>
          withToken(server, fresh)
            .getHead({})
            .then(
              () => true,
              () => false,
            ),
        {
          timeout: 20_000,
        },
      )
      .toBe(true);
    expect(await codeOf(server, old)).toBe("Unauthenticated");
  } finally {
    await server.stop();
  }
});

test("a shared secret in a key set verifies nothing", async () => {
  const secret = new TextEncoder().encode("a secret of thirty-two bytes or more");
  const file = join(tempFolder(), "keys.json");
  const k = Buffer.from(secret).toString("base64url");
  writeFileSync(file, setOf({ kty: "oct", k, kid: "good" }, jwk(good.publicKey, "other")));
  const server = await startTestServer({ ...settings, authJwtJwks: file });
  try {
    const token = await mint({ key: secret, alg: "HS256" });
    expect(await codeOf(server, token)).toBe("Unauthenticated");
  } finally {
    await server.stop();
  }
});
