import { generateKeyPairSync, randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  AggregateRepository,
  connect,
  isAnnalsError,
  TenantScopedRepository,
} from "@annals/client";
import { SignJWT } from "jose";
import { describe, expect, onTestFinished, test } from "vitest";
import { OrderPlaced, Order } from "../support/orders.js";
import { newTenant, startTestServer, type TestSettings } from "../support/server.js";
import { tempFolder } from "../support/temp-folder.js";
import { failureOf } from "./support/failure.js";

const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
const [acme, globex] = [newTenant(), newTenant()];

/** A token as a login gives it out. */
const tokenOf = (tenantId: string, subject = "user") =>
  new SignJWT({ tenant_id: tenantId, scope: "events:append events:read" })
    .setProtectedHeader({ alg: "RS256" })
    .setSubject(subject)
    .setAudience("annals")
    .setIssuer("https://issuer.example")
    .setExpirationTime("5 minutes")
    .sign(keys.privateKey);

/** A server that believes these tokens alone, and what it has recorded. */
async function start(settings: TestSettings = {}) {
  const folder = tempFolder();
  const [authJwtKeyFile, auditLog] = [join(folder, "key.pem"), join(folder, "audit.log")];
  writeFileSync(authJwtKeyFile, keys.publicKey.export({ type: "spki", format: "pem" }));
  const issuer = { authJwtIssuer: "https://issuer.example", authJwtAudience: "annals" };
  const server = await startTestServer({
    ...{ auth: "jwt", authJwtKeyFile, auditLog },
    ...issuer,
    ...settings,
  });
  onTestFinished(async () => {
    await server.stop();
  });
  const clientOf = (token: string, tenant?: string) => {
    const annals = connect({ address: server.grpcAddress, token, tenant });
    onTestFinished(() => annals.close());
    return annals;
  };
  return {
    clientOf,
    repositoryOf: (token: string, tenant: string) => {
      const create = (id: string) => new Order(id, tenant);
      const inner = new AggregateRepository({ annals: clientOf(token), create });
      return new TenantScopedRepository(inner, tenant);
    },
    records: () =>
      readFileSync(auditLog, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

const place = (order: Order): void => {
  order.place("Alice", 100);
};

describe("never trust client input", () => {
  test("the tenant is that of the token: asking for another is refused and moves nothing", async () => {
    const { clientOf } = await start();
    const token = await tokenOf(acme);
    const pretending = clientOf(token, globex);
    const append = () =>
      pretending.append({
        stream: { aggregateType: "Order", aggregateId: "1" },
        expected: "any",
        events: [OrderPlaced.create({ customerName: "Mallory", totalAmount: 1 })],
      });
    await failureOf(append, "permission_denied");
    await failureOf(() => pretending.readAll().toArray(), "permission_denied");
    await failureOf(
      () => pretending.readAll({ scope: "all-tenants" }).toArray(),
      "permission_denied",
    );
    for (const tenant of [acme, globex]) {
      expect(
        await clientOf(await tokenOf(tenant))
          .readAll()
          .toArray(),
      ).toEqual([]);
    }
  });

  test("an aggregate that the application made for a tenant of the client's choice is written to the token's", async () => {
    const { clientOf, repositoryOf } = await start();
    const id = randomUUID();
    // The mistake: the tenant comes from the request, the token from the login.
    const unsafe = repositoryOf(await tokenOf(acme), globex);
    await unsafe.execute(id, place);
    expect(
      await clientOf(await tokenOf(globex))
        .readAll()
        .toArray(),
    ).toEqual([]);
    expect(
      await clientOf(await tokenOf(acme))
        .readAll()
        .toArray(),
    ).toMatchObject([{ tenantId: acme }]);
    // Once it is loaded, whose it is shows.
    await failureOf(() => unsafe.load(id), "foreign_aggregate");
  });
});

describe("log security events", () => {
  test("a load across tenants is recorded under the id that its error has; an ordinary one is not", async () => {
    const { repositoryOf, records } = await start();
    const id = randomUUID();
    const own = repositoryOf(await tokenOf(acme), acme);
    await own.execute(id, place);
    await own.load(id);
    const intruder = repositoryOf(await tokenOf(globex, "mallory"), globex);
    const { cause } = await failureOf(() => intruder.load(id), "foreign_aggregate");
    if (!isAnnalsError(cause, "foreign_stream")) throw cause;
    expect(records().slice(1)).toEqual([
      expect.objectContaining({
        ...{ audit: "foreign_stream", requestId: cause.requestId },
        ...{ subject: "mallory", tenants: [globex], credential: "jwt" },
      }),
    ]);
  });
});

describe("defense in depth", () => {
  test("who tries otown' aggregates too often is refused even what is theirs; otown are not", async () => {
    const limits = { auditDeniedThreshold: "3", auditBlockMs: "3600000" };
    const { repositoryOf, records } = await start(limits);
    const [id, own] = [randomUUID(), randomUUID()];
    await repositoryOf(await tokenOf(acme), acme).execute(id, place);
    const mallory = repositoryOf(await tokenOf(globex, "mallory"), globex);
    await mallory.execute(own, place);
    for (let i = 0; i < 3; i++) await failureOf(() => mallory.load(id), "foreign_aggregate");
    await failureOf(() => mallory.load(own), "permission_denied");
    const colleague = repositoryOf(await tokenOf(globex, "ann"), globex);
    expect((await colleague.load(own)).tenantId).toBe(globex);
    expect(records().map(({ audit }) => audit)).toEqual([
      ...["started", "foreign_stream", "foreign_stream", "foreign_stream"],
      ...["suspicious", "blocked"],
    ]);
  });
});
