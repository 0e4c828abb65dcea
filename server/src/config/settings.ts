import { z } from "zod";
import { tenantLimits } from "../domain/tenant-settings.js";

/** One setting: what an operator can say, and the one place where it is documented. */
export interface Setting<T> {
  /** What it does, with its unit, and why to change it. Markdown. */
  readonly doc: string;
  /** Takes the text of a flag or a variable as well as the value in a file. */
  readonly schema: z.ZodType<T>;
  /** The default as the documentation shows it; the schema supplies it. */
  readonly defaultText: string;
  /** Only by variable or file: a flag would show in the process list. */
  readonly secret?: true;
}

/** A way to know callers. */
export type AuthMode = "dev" | "jwt" | "api-key" | "mtls";

/** Whatever the operator said, checked one by one; config.ts checks how they go together. */
export interface Settings {
  readonly grpcAddress: Setting<string>;
  readonly httpAddress: Setting<string>;
  readonly metricsAddress: Setting<string>;
  readonly httpCorsOrigins: Setting<readonly string[]>;
  readonly store: Setting<string>;
  readonly migrate: Setting<boolean>;
  readonly postgresReadConnections: Setting<number>;
  readonly postgresConnectTimeoutMs: Setting<number>;
  readonly postgresIdleInTransactionTimeoutMs: Setting<number>;
  readonly postgresLockTimeoutMs: Setting<number>;
  readonly postgresStatementTimeoutMs: Setting<number>;
  readonly auth: Setting<readonly AuthMode[]>;
  readonly authJwtKey: Setting<string | undefined>;
  readonly authJwtKeyFile: Setting<string | undefined>;
  readonly authJwtJwks: Setting<string | undefined>;
  readonly authJwtAlgorithms: Setting<readonly string[] | undefined>;
  readonly authJwtIssuer: Setting<string | undefined>;
  readonly authJwtAudience: Setting<string | undefined>;
  readonly authJwtClockSkewSeconds: Setting<number>;
  readonly authApiKeysFile: Setting<string | undefined>;
  readonly authAllowPlaintext: Setting<boolean>;
  readonly tlsCertFile: Setting<string | undefined>;
  readonly tlsKeyFile: Setting<string | undefined>;
  readonly tlsClientCaFile: Setting<string | undefined>;
  readonly auditLog: Setting<string>;
  readonly auditDeniedThreshold: Setting<number>;
  readonly auditWindowMs: Setting<number>;
  readonly auditBlockMs: Setting<number>;
  readonly foreignStreams: Setting<"deny" | "hide">;
  readonly reflection: Setting<boolean>;
  readonly storeTraceparent: Setting<boolean>;
  readonly logLevel: Setting<"debug" | "info" | "warn" | "error" | "silent">;
  readonly logFormat: Setting<"auto" | "json" | "pretty">;
  readonly recheckIntervalMs: Setting<number>;
  readonly callTimeoutMs: Setting<number>;
  readonly shutdownTimeoutMs: Setting<number>;
  readonly maxQueuedAppends: Setting<number>;
  readonly maxQueuedBytes: Setting<number>;
  readonly maxBatchEvents: Setting<number>;
  readonly maxBatchBytes: Setting<number>;
  readonly maxConcurrentStreams: Setting<number>;
  readonly maxStreamInFlight: Setting<number>;
  readonly maxFollowersPerTenant: Setting<number>;
  readonly tenantAppendEventsPerSecond: Setting<number | undefined>;
  readonly tenantAppendBytesPerSecond: Setting<number | undefined>;
  readonly tenantEventsPerDay: Setting<number | undefined>;
  readonly tenantStoredBytes: Setting<number | undefined>;
  readonly tenantOpenStreams: Setting<number>;
  readonly tenantPageEvents: Setting<number | undefined>;
  readonly tailBytes: Setting<number>;
  readonly pageCacheBytes: Setting<number>;
  readonly checkpointPositions: Setting<number>;
  readonly checkpointIntervalMs: Setting<number>;
  readonly readerStallTimeoutMs: Setting<number>;
  readonly keepaliveMs: Setting<number>;
}

/** THE TABLE of settings. The name in it is the file's key; flag and variable follow from it. */
export const settings: Settings = {
  grpcAddress: {
    doc: "Where gRPC is served, `host:port`. Port 0 takes a free one.",
    ...withDefault(address(), "127.0.0.1:50051"),
  },
  httpAddress: {
    doc: "Where Connect, gRPC-Web and gRPC are served over HTTP/1.1 and HTTP/2, with TLS where `tlsCertFile` is set, and `grpc.health.v1.Health`, `/healthz` and `/readyz`, `host:port`; or `off`. Port 0 takes a free one.",
    ...withDefault(addressOrOff(), "127.0.0.1:8080"),
  },
  metricsAddress: {
    doc: "Where `/metrics` is served for Prometheus, `host:port`; or `off`: then nothing is counted. Plain HTTP without a credential, on a port of its own: keep it on a private network. Port 0 takes a free one.",
    ...withDefault(addressOrOff(), "off"),
  },
  httpCorsOrigins: {
    doc: "The origins whose web pages may call, separated by commas, such as `https://app.example.com`; `*` is every one. By default none: a request that comes from a page is refused.",
    ...withDefault(origins(), []),
  },
  store: {
    doc: "`sqlite:<path>` (one file, made if absent), `postgres://...`, or `memory:` (nothing is kept: for tests). A URL with a password belongs in the variable: a flag shows in the process list.",
    ...withDefault(z.string(), "sqlite:data/annals.db"),
  },
  migrate: {
    doc: "PostgreSQL: bring the schema to the newest version at start, as `annals migrate` does; the role must own it.",
    ...withDefault(flag(), false),
  },
  postgresReadConnections: {
    doc: "PostgreSQL: most connections that read; one more writes, one looks up for it, one listens.",
    ...withDefault(count(1, 1_000), 8),
  },
  postgresConnectTimeoutMs: {
    doc: "PostgreSQL: how long to wait for a connection, a new one or one of the pool, in milliseconds.",
    ...withDefault(count(1, 600_000), 5_000),
  },
  postgresIdleInTransactionTimeoutMs: {
    doc: "PostgreSQL: how long a server that hangs in the middle of a batch can delay the others, in milliseconds.",
    ...withDefault(count(1, 600_000), 5_000),
  },
  postgresLockTimeoutMs: {
    doc: "PostgreSQL: how long a batch waits for the log's head, in milliseconds. Longer than the one above.",
    ...withDefault(count(1, 600_000), 8_000),
  },
  postgresStatementTimeoutMs: {
    doc: "PostgreSQL: how long one statement may take, in milliseconds. Longer than the one above.",
    ...withDefault(count(1, 600_000), 10_000),
  },
  auth: {
    doc: "How callers are known. `dev` believes the metadata key `x-tenant-id`, on loopback only. Or one or more of `jwt`, `api-key` and `mtls`, separated by commas.",
    ...authModes(),
  },
  authJwtKey: {
    doc: "`jwt`: the shared secret, 32 bytes or more (HS256 and kin), or a public key in PEM.",
    ...optional(z.string().min(1)),
    secret: true,
  },
  authJwtKeyFile: {
    doc: "`jwt`: a file that holds the key instead.",
    ...optional(z.string().min(1)),
  },
  authJwtJwks: {
    doc: "`jwt`: a key set (JWKS) instead: a file, or a URL with `https` (`http` on loopback). Read again every second, or every five minutes.",
    ...optional(z.string().min(1)),
  },
  authJwtAlgorithms: {
    doc: "`jwt`: the algorithms allowed, separated by commas. By default the usual one for the key: `HS256`, `RS256`, `ES256` or `EdDSA`; for a key set the last three.",
    ...optional(list()),
  },
  authJwtIssuer: {
    doc: "`jwt`: the `iss` that a token must have. By default any.",
    ...optional(z.string().min(1)),
  },
  authJwtAudience: {
    doc: "`jwt`: the `aud` that a token must have. By default any.",
    ...optional(z.string().min(1)),
  },
  authJwtClockSkewSeconds: {
    doc: "`jwt`: how far the issuer's clock may be off, in seconds. A token is good for that much longer.",
    ...withDefault(count(0, 300), 5),
  },
  authApiKeysFile: {
    doc: "`api-key`: the file of hashed keys, which `annals make-api-key` makes entries for. Read again when it changes.",
    ...optional(z.string().min(1)),
  },
  authAllowPlaintext: {
    doc: "Whether credentials may come over plaintext to an address that is not loopback: only behind a proxy that ends TLS.",
    ...withDefault(flag(), false),
  },
  tlsCertFile: {
    doc: "TLS: the certificate chain in PEM. Read again when it changes.",
    ...optional(z.string().min(1)),
  },
  tlsKeyFile: {
    doc: "TLS: the certificate's private key in PEM.",
    ...optional(z.string().min(1)),
  },
  tlsClientCaFile: {
    doc: "TLS: the authorities in PEM that client certificates must come from. With it every client needs one.",
    ...optional(z.string().min(1)),
  },
  auditLog: {
    doc: "Where security events are recorded: `stdout`, `off`, or a file that is appended to.",
    ...withDefault(z.string().min(1), "stdout"),
  },
  auditDeniedThreshold: {
    doc: "Refused calls of one subject within `auditWindowMs` that are recorded as suspicious.",
    ...withDefault(count(1, 1_000), 20),
  },
  auditWindowMs: {
    doc: "The sliding window for it, in milliseconds.",
    ...withDefault(count(1, 86_400_000), 60_000),
  },
  auditBlockMs: {
    doc: "How long a suspicious subject is refused every call, in milliseconds. 0: it is not. Ignored in `dev`.",
    ...withDefault(count(0, 86_400_000), 0),
  },
  foreignStreams: {
    doc: "What a stream answers that exists only for another tenant: `deny`, that it belongs to a different tenant; `hide`, that it does not exist.",
    ...withDefault(z.enum(["deny", "hide"]), "deny"),
  },
  reflection: {
    doc: "Whether gRPC server reflection is served, for grpcurl and its like.",
    ...withDefault(flag(), true),
  },
  storeTraceparent: {
    doc: "Whether an append's `traceparent` is kept with its events, as their metadata key `traceparent`, where they have none of their own.",
    ...withDefault(flag(), false),
  },
  logLevel: {
    doc: "`debug` logs every call; `info` those that failed.",
    ...withDefault(z.enum(["debug", "info", "warn", "error", "silent"]), "info"),
  },
  logFormat: {
    doc: "`json`, `pretty`, or `auto`: pretty on a terminal.",
    ...withDefault(z.enum(["auto", "json", "pretty"]), "auto"),
  },
  recheckIntervalMs: {
    doc: "How often the credential of an open stream is looked at again, in milliseconds: one that is revoked ends its streams so soon.",
    ...withDefault(count(10, 3_600_000), 5_000),
  },
  callTimeoutMs: {
    doc: "Time for a unary call, in milliseconds, unless its caller sets a shorter deadline.",
    ...withDefault(count(1, 3_600_000), 30_000),
  },
  shutdownTimeoutMs: {
    doc: "Time for calls under way to end when the server stops, in milliseconds; then they are cut off.",
    ...withDefault(count(0, 3_600_000), 10_000),
  },
  maxQueuedAppends: {
    doc: "Most appends that wait to be written; more are refused with `RESOURCE_EXHAUSTED`.",
    ...withDefault(count(1, 1_000_000), 10_000),
  },
  maxQueuedBytes: {
    doc: "Most bytes that wait to be written. Bounds memory.",
    ...withDefault(count(1, 2 ** 40), 67_108_864),
  },
  maxBatchEvents: {
    doc: "Most events in one commit. Lower it to bound what one commit delays the next.",
    ...withDefault(count(1, 50_000), 2_000),
  },
  maxBatchBytes: {
    doc: "Most bytes in one commit.",
    ...withDefault(count(1, 2 ** 30), 8_388_608),
  },
  maxConcurrentStreams: {
    doc: "Most calls under way on one connection (HTTP/2); more wait at the client.",
    ...withDefault(count(1, 100_000), 1_000),
  },
  maxStreamInFlight: {
    doc: "Most appends of one `AppendStream` call without an answer; past it the call is not read from.",
    ...withDefault(count(1, 10_000), 256),
  },
  maxFollowersPerTenant: {
    doc: "Most calls that follow one tenant's log at a time, and most that follow the whole log; more are refused with `RESOURCE_EXHAUSTED`.",
    ...withDefault(count(1, 1_000_000), 1_000),
  },
  tenantAppendEventsPerSecond: {
    doc: "Events that each tenant may append a second, on each server; a second's worth may come at once. This and the other `tenant...` settings hold for tenants for which the `Tenants` service sets nothing else. None by default.",
    ...optional(count(1, tenantLimits.appendEventsPerSecond.highest)),
  },
  tenantAppendBytesPerSecond: {
    doc: "Bytes of events that each tenant may append a second, on each server. None by default.",
    ...optional(count(1, tenantLimits.appendBytesPerSecond.highest)),
  },
  tenantEventsPerDay: {
    doc: "Events that each tenant may append in a day (UTC), on all servers together. None by default.",
    ...optional(count(1, tenantLimits.eventsPerDay.highest)),
  },
  tenantStoredBytes: {
    doc: "Bytes that the events of each tenant may take, by the server's count. None by default.",
    ...optional(count(1, tenantLimits.storedBytes.highest)),
  },
  tenantOpenStreams: {
    doc: "Streaming calls that each tenant may have open at once, on each server.",
    ...withDefault(count(1, tenantLimits.openStreams.highest), 2_000),
  },
  tenantPageEvents: {
    doc: "Most events in one page, for each tenant; at most, and by default, the contract's own limit of 1,000.",
    ...optional(count(1, tenantLimits.pageEvents.highest)),
  },
  tailBytes: {
    doc: "Most bytes of the newest events that are kept in memory for those who follow. A follower that falls further behind reads the store.",
    ...withDefault(count(1, 2 ** 36), 33_554_432),
  },
  pageCacheBytes: {
    doc: "Most bytes of events kept in memory in pages that readers of the same log share. What is kept takes about three times that: the events, and their encoding.",
    ...withDefault(count(1, 2 ** 36), 67_108_864),
  },
  checkpointPositions: {
    doc: "A follower for whom nothing matches is told how far it has come after so many positions.",
    ...withDefault(count(1, 1_000_000_000), 10_000),
  },
  checkpointIntervalMs: {
    doc: "The same after so long, in milliseconds, if the log has grown.",
    ...withDefault(count(10, 3_600_000), 5_000),
  },
  readerStallTimeoutMs: {
    doc: "A streaming call whose caller takes nothing that it is sent for so long, in milliseconds, is ended with `RESOURCE_EXHAUSTED`.",
    ...withDefault(count(10, 86_400_000), 60_000),
  },
  keepaliveMs: {
    doc: "How often a silent connection is pinged, in milliseconds; one that does not answer within 20 seconds is closed.",
    ...withDefault(count(1_000, 86_400_000), 60_000),
  },
};

function withDefault<T>(
  schema: z.ZodType<T>,
  value: T,
): Pick<Setting<T>, "schema" | "defaultText"> {
  return { schema: schema.optional().transform((v) => v ?? value), defaultText: String(value) };
}

function optional<T>(schema: z.ZodType<T>): Pick<Setting<T | undefined>, "schema" | "defaultText"> {
  return { schema: schema.optional(), defaultText: "" };
}

function authModes(): Pick<Setting<readonly AuthMode[]>, "schema" | "defaultText"> {
  const modes = z
    .array(z.enum(["dev", "jwt", "api-key", "mtls"]))
    .min(1)
    .refine((all) => !all.includes("dev") || all.length === 1, "dev goes with no other");
  return withDefault(list().pipe(modes), ["dev"]);
}

/** A number, or a text that is one: flags and variables are texts. */
function count(min: number, max: number): z.ZodType<number> {
  const given = z.union(
    [
      z.number(),
      z
        .string()
        .regex(/^\s*[-+]?\d/)
        .transform(Number),
    ],
    {
      error: "must be a whole number",
    },
  );
  return given.pipe(z.number("must be a whole number").int().min(min).max(max));
}

function flag(): z.ZodType<boolean> {
  return z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]);
}

function list(): z.ZodType<readonly string[]> {
  return z.union([
    z.array(z.string()),
    z.string().transform((text) => text.split(",").map((part) => part.trim())),
  ]);
}

function address(): z.ZodType<string> {
  return z
    .string()
    .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/, { error: 'must be "host:port"', abort: true })
    .refine((text) => Number(text.slice(text.lastIndexOf(":") + 1)) < 65_536, "port above 65535");
}

function addressOrOff(): z.ZodType<string> {
  const valid = (text: string): boolean => text === "off" || address().safeParse(text).success;
  return z.string().refine(valid, 'must be "host:port" or "off"');
}

function origins(): z.ZodType<readonly string[]> {
  const valid = (origin: string): boolean =>
    origin === "*" || (URL.canParse(origin) && new URL(origin).origin === origin);
  return list().refine((all) => all.every(valid), 'must be origins, "https://host", or "*"');
}
