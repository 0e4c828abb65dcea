import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:tls";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, onTestFinished, test } from "vitest";
import { EventStore } from "@annals/proto/annals/v1/event_store";
import { ServerInfo } from "@annals/proto/annals/v1/server_info";
import { Tenants } from "@annals/proto/annals/v1/tenants";
import { createAuthority } from "../support/authority.js";
import {
  appendTo,
  clientOf,
  failureOf,
  grpcTransport,
  noStream,
  read,
  readAll,
} from "../support/client.js";
import { newTenant, startTestServer, type TestSettings } from "../support/server.js";
import { tempFolder } from "../support/temp-folder.js";

async function start(settings: TestSettings) {
  const server = await startTestServer(settings);
  onTestFinished(async () => {
    await server.stop();
  });
  return server;
}

interface Made {
  readonly key: string;
  readonly entry: object;
}

function makeKey(...flags: string[]): Made {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["server/dist/main.js", "make-api-key", "--subject=tester", ...flags],
    { encoding: "utf8" },
  );
  const key = /annals_\S+/.exec(stderr)?.[0] ?? "";
  expect(stdout).not.toContain(key.slice(-43));
  return { key, entry: JSON.parse(stdout) as object };
}

test("an API key opens its tenant; a wrong, expired, early or removed one opens nothing", async () => {
  const tenant = newTenant();
  const [old, fresh] = [makeKey("--tenant", tenant), makeKey("--tenant", tenant)];
  const past = makeKey("--tenant", tenant, "--expires-at=2020-01-01T00:00:00Z");
  const early = makeKey("--tenant", tenant);
  const file = join(tempFolder(), "keys.json");
  const write = (...keys: object[]) => {
    writeFileSync(`${file}.new`, JSON.stringify({ keys }));
    renameSync(`${file}.new`, file);
  };
  write(old.entry, past.entry, { ...early.entry, notBefore: "2999-01-01T00:00:00Z" });
  const server = await start({ auth: "api-key", authApiKeysFile: file });
  const withKey = (key: string) =>
    createClient(EventStore, grpcTransport(server.grpcAddress, { authorization: `Bearer ${key}` }));
  const opens = (key: string) =>
    withKey(key)
      .getHead({})
      .then(
        () => true,
        () => false,
      );

  await withKey(old.key).append(appendTo("x"));
  expect(await readAll(withKey(old.key))).toMatchObject([{ tenantId: tenant }]);
  const swapped = old.key.slice(0, -43) + past.key.slice(-43);
  for (const key of [past.key, early.key, fresh.key, swapped, "annals_", "annals_x_y"]) {
    expect((await failureOf(withKey(key).getHead({}))).code).toBe("Unauthenticated");
  }

  write(old.entry, fresh.entry);
  await expect.poll(() => opens(fresh.key), { timeout: 20_000 }).toBe(true);
  expect(await opens(old.key)).toBe(true);
  write(fresh.entry);
  await expect.poll(() => opens(old.key), { timeout: 20_000 }).toBe(false);
  expect(await opens(fresh.key)).toBe(true);
}, 60_000);

test("a key that would make its file unusable is not made, and a flag that names no scope is refused", () => {
  const refused = [
    ["--tenant", "acme"],
    ["--expires-at", "tomorrow"],
    ["--scope", "events:write"],
  ];
  for (const flags of refused) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["server/dist/main.js", "make-api-key", "--subject=tester", ...flags],
      { encoding: "utf8" },
    );
    expect(status).toBeGreaterThan(0);
    expect(stdout).toBe("");
    expect(stderr).not.toContain("annals_");
  }
});

test("a client certificate opens the tenant in its names; one of another authority opens nothing", async () => {
  const [authority, stranger] = [createAuthority(tempFolder()), createAuthority(tempFolder())];
  const served = authority.issue("server", "IP:127.0.0.1");
  const tenant = newTenant();
  const names = `URI:urn:annals:tenant:${tenant},URI:urn:annals:scope:events:read`;
  const server = await start({
    auth: "mtls",
    tlsCertFile: served.certFile,
    tlsKeyFile: served.keyFile,
    tlsClientCaFile: authority.certFile,
  });
  const clientWith = (issued?: { cert: string; key: string }) =>
    createClient(
      EventStore,
      createGrpcTransport({
        baseUrl: `https://${server.grpcAddress}`,
        nodeOptions: { ca: authority.cert, ...(issued && { cert: issued.cert, key: issued.key }) },
      }),
    );
  const client = clientWith(authority.issue("client", names));
  await client.getHead({});
  expect((await failureOf(client.append(appendTo("x")))).code).toBe("PermissionDenied");
  const nameless = clientWith(authority.issue("nameless", "DNS:example.com"));
  expect((await failureOf(nameless.getHead({}))).code).toBe("PermissionDenied");
  const oneName = `x, URI:urn:annals:tenant:${tenant}, URI:urn:annals:scope:events:read, y`;
  const posing = clientWith(authority.issue("posing", `@names\n[names]\nDNS.1=${oneName}`));
  expect((await failureOf(posing.getHead({}))).code).toBe("Unauthenticated");
  await expect(clientWith(stranger.issue("client", names)).getHead({})).rejects.toThrow();
  await expect(clientWith().getHead({})).rejects.toThrow();
});

test("a new certificate is served without a restart; rubbish in its place changes nothing", async () => {
  const authority = createAuthority(tempFolder());
  const [served, renewed] = ["first", "second"].map((n) => authority.issue(n, "IP:127.0.0.1"));
  const server = await start({ tlsCertFile: served!.certFile, tlsKeyFile: served!.keyFile });
  const port = Number(server.grpcAddress.split(":")[1]);
  const nameServed = () =>
    new Promise<unknown>((resolve, reject) => {
      const options = { host: "127.0.0.1", port, ca: authority.cert, ALPNProtocols: ["h2"] };
      const socket = connect(options, () => {
        resolve(socket.getPeerCertificate().subject.CN);
        socket.destroy();
      }).on("error", reject);
    });
  expect(await nameServed()).toBe("first");
  writeFileSync(served!.certFile, "rubbish");
  expect(await nameServed()).toBe("first");
  writeFileSync(served!.keyFile, renewed!.key);
  writeFileSync(served!.certFile, renewed!.cert);
  await expect.poll(nameServed, { timeout: 20_000 }).toBe("second");
});

test("a stream ends when its API key is removed, and when its subject is blocked", async () => {
  const tenant = newTenant();
  const [gone, blocked, kept] = ["gone", "blocked", "kept"].map((subject) =>
    makeKey("--tenant", tenant, "--scope", "events:read", `--subject=${subject}`),
  ) as [Made, Made, Made];
  const file = join(tempFolder(), "keys.json");
  const write = (...keys: Made[]) => {
    writeFileSync(`${file}.new`, JSON.stringify({ keys: keys.map(({ entry }) => entry) }));
    renameSync(`${file}.new`, file);
  };
  write(gone, blocked, kept);
  const server = await start({
    ...{ auth: "api-key", authApiKeysFile: file, recheckIntervalMs: "20" },
    ...{ auditDeniedThreshold: "3", auditBlockMs: "3600000" },
  });
  const withKey = ({ key }: Made) =>
    createClient(EventStore, grpcTransport(server.grpcAddress, { authorization: `Bearer ${key}` }));
  const follow = async (made: Made, onCaughtUp: () => Promise<void>): Promise<void> => {
    for await (const { answer } of withKey(made).readAll({ follow: true })) {
      if (answer.case === "caughtUp") await onCaughtUp();
    }
  };
  const removed = follow(gone, () => {
    write(blocked, kept);
    return Promise.resolve();
  });
  expect((await failureOf(removed)).code).toBe("Unauthenticated");
  const suspicious = follow(blocked, async () => {
    for (let i = 0; i < 3; i++) await failureOf(withKey(blocked).append(appendTo("x")));
  });
  expect((await failureOf(suspicious)).message).toContain("blocked");
  await withKey(kept).getHead({});
});

test("health asks a server over TLS, and takes no other server's word", async () => {
  const authority = createAuthority(tempFolder());
  const [served, other] = ["served", "other"].map((name) => authority.issue(name, "DNS:db"));
  const tls = (issued: typeof served) => [
    `--tls-cert-file=${issued!.certFile}`,
    `--tls-key-file=${issued!.keyFile}`,
  ];
  const server = await start({ tlsCertFile: served!.certFile, tlsKeyFile: served!.keyFile });
  const health = async (...flags: string[]): Promise<number | null> => {
    const command = ["server/dist/main.js", "health", `--grpc-address=${server.grpcAddress}`];
    const child = spawn(process.execPath, [...command, ...flags], { stdio: "ignore" });
    await once(child, "exit");
    return child.exitCode;
  };
  expect(await health(...tls(served))).toBe(0);
  expect(await health(...tls(other))).toBe(1);
  expect(await health()).toBe(1);
});

test("calls of administrators are recorded however they end, and nobody else's", async () => {
  const auditLog = join(tempFolder(), "audit.log");
  const tenantId = newTenant();
  const server = await start({ auditLog });
  const as = (who: string) => grpcTransport(server.grpcAddress, { "x-tenant-id": who });
  const admin = createClient(Tenants, as("*"));
  await admin.configureTenant({ tenantId, displayName: "ACME" });
  await failureOf(admin.configureTenant({ tenantId, expectedRevision: 7n }));
  await createClient(ServerInfo, as(tenantId)).getServerInfo({});
  await failureOf(createClient(Tenants, as(tenantId)).listTenants({}));
  const [, ...records] = readFileSync(auditLog, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { audit: string; target?: string; detail?: string });
  expect(records.map(({ audit, target }) => [audit, target])).toEqual([
    ["admin", tenantId],
    ["admin", tenantId],
    ["denied", undefined],
  ]);
  expect(records[0]?.detail).toBeUndefined();
  expect(records[1]?.detail).toContain("revision");
});

test("refusals are recorded, many of them are suspicious once and block, and no secret is in the record", async () => {
  const auditLog = join(tempFolder(), "audit.log");
  const tenant = newTenant();
  const { key, entry } = makeKey("--tenant", tenant, "--scope", "events:read");
  const file = join(tempFolder(), "keys.json");
  writeFileSync(file, JSON.stringify({ keys: [entry] }));
  const limits = { auditDeniedThreshold: "3", auditBlockMs: "3600000" };
  const server = await start({ auth: "api-key", authApiKeysFile: file, auditLog, ...limits });
  const withKey = (token: string) =>
    createClient(
      EventStore,
      grpcTransport(server.grpcAddress, { authorization: `Bearer ${token}` }),
    );
  await failureOf(withKey("annals_no_key").getHead({}));
  await withKey(key).getHead({});
  for (let i = 0; i < 3; i++) await failureOf(withKey(key).append(appendTo("x")));
  expect((await failureOf(withKey(key).getHead({}))).code).toBe("PermissionDenied");
  const text = readFileSync(auditLog, "utf8");
  const records = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { audit: string; subject?: string });
  expect(records.map(({ audit }) => audit)).toEqual([
    "started",
    "bad_credential",
    "denied",
    "denied",
    "denied",
    "suspicious",
    "blocked",
  ]);
  expect(records.at(-2)).toMatchObject({
    subject: "tester",
    credential: "api-key",
    tenants: [tenant],
  });
  expect(text).not.toContain(key.slice(-43));
});

test.each(["deny", "hide"])("reading another tenant's stream is recorded: %s", async (mode) => {
  const auditLog = join(tempFolder(), "audit.log");
  const server = await start({ auditLog, foreignStreams: mode });
  await clientOf(server.grpcAddress, newTenant()).append(appendTo("secret", noStream));
  const stream = { aggregateType: "Order", aggregateId: "secret" };
  const reader = clientOf(server.grpcAddress, newTenant());
  const { code, message } = await failureOf(read(reader, { stream }));
  const absent = { aggregateType: "Order", aggregateId: "absent" };
  const unknown = await failureOf(read(reader, { stream: absent }));
  expect(code).toBe(mode === "deny" ? "PermissionDenied" : "NotFound");
  if (mode === "hide") {
    expect(message.replace("secret", "absent")).toBe(unknown.message);
  }
  expect(readFileSync(auditLog, "utf8").match(/"audit":"foreign_stream"/g)).toHaveLength(1);
});

test("following another tenant's stream that is hidden is recorded, and answered like an absent one", async () => {
  const auditLog = join(tempFolder(), "audit.log");
  const server = await start({ auditLog, foreignStreams: "hide" });
  await clientOf(server.grpcAddress, newTenant()).append(appendTo("secret", noStream));
  const reader = clientOf(server.grpcAddress, newTenant());
  for (const aggregateId of ["secret", "absent"]) {
    const stream = { aggregateType: "Order", aggregateId };
    for await (const answer of reader.read({ stream, follow: true })) {
      if (answer.answer.case === "caughtUp") break;
      expect(answer.stream?.aggregateVersion).toBe(0n);
    }
  }
  expect(readFileSync(auditLog, "utf8").match(/"audit":"foreign_stream"/g)).toHaveLength(1);
});

test("the audit log is for its owner's eyes alone", async () => {
  const auditLog = join(tempFolder(), "audit.log");
  await start({ auditLog });
  expect(statSync(auditLog).mode & 0o777).toBe(0o600);
});
