import { createPublicKey, type KeyObject } from "node:crypto";
import type { z } from "zod";
import type { Setting, Settings } from "./settings.js";

/** What the operator said, each setting checked by itself. */
export type SettingValues = {
  readonly [Key in keyof Settings]: Settings[Key] extends Setting<infer T> ? T : never;
};

/** Settings that Config holds in another form, or, a secret, not at all. */
const resolved = /^(store|migrate|postgres.*|auth.*|logFormat)$/;

/** The others mean what they say. */
type PlainSetting = Exclude<
  keyof Settings,
  "store" | "migrate" | `postgres${string}` | `auth${string}` | "logFormat"
>;

/** What the server runs with: resolved and frozen. */
export interface Config extends Pick<SettingValues, PlainSetting> {
  readonly store: StoreConfig;
  readonly auth: AuthConfig;
  readonly prettyLogs: boolean;
}

export type StoreConfig =
  | { readonly kind: "memory" }
  | { readonly kind: "sqlite"; readonly file: string }
  | {
      readonly kind: "postgres";
      /** May hold a password: never log it. */
      readonly url: string;
      readonly migrate: boolean;
      readonly readConnections: number;
      readonly connectTimeoutMs: number;
      readonly idleInTransactionTimeoutMs: number;
      readonly lockTimeoutMs: number;
      readonly statementTimeoutMs: number;
    };

export type AuthConfig =
  | { readonly mode: "dev" }
  | {
      readonly mode: "jwt";
      readonly key: Uint8Array | KeyObject;
      readonly algorithms: readonly string[];
      readonly issuer: string | undefined;
      readonly audience: string | undefined;
    };

/** What is wrong with a setting. */
export interface Fault {
  /** The setting's name in the table. */
  readonly key: string;
  readonly problem: string;
}

/** What resolving needs of the world. */
export interface Surroundings {
  readonly readFile: (file: string) => string;
  readonly isTerminal: boolean;
}

/**
 * How the settings go together.
 *
 * @param faults takes every fault found; when there is any, the result must not be used
 */
export function resolveConfig(
  values: SettingValues,
  surroundings: Surroundings,
  faults: Fault[],
): Config {
  return Object.freeze({
    ...(Object.fromEntries(
      Object.entries(values).filter(([key]) => !resolved.test(key)),
    ) as unknown as Pick<SettingValues, PlainSetting>),
    store: resolveStore(values, faults),
    auth:
      values.auth === "dev" ? resolveDev(values, faults) : resolveJwt(values, surroundings, faults),
    prettyLogs:
      values.logFormat === "pretty" || (values.logFormat === "auto" && surroundings.isTerminal),
  });
}

function resolveStore(values: SettingValues, faults: Fault[]): StoreConfig {
  const { store } = values;
  if (/^postgres(ql)?:\/\//.test(store)) return resolvePostgres(values, faults);
  if (store === "memory:") return { kind: "memory" };
  const file = /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(store)?.[1];
  if (file !== undefined) return { kind: "sqlite", file };
  faults.push({ key: "store", problem: "must be sqlite:<path>, postgres://... or memory:" });
  return { kind: "memory" };
}

function resolvePostgres(values: SettingValues, faults: Fault[]): StoreConfig {
  if (!URL.canParse(values.store)) faults.push({ key: "store", problem: "is not a URL" });
  const idleInTransactionTimeoutMs = values.postgresIdleInTransactionTimeoutMs;
  const lockTimeoutMs = values.postgresLockTimeoutMs;
  const statementTimeoutMs = values.postgresStatementTimeoutMs;
  if (idleInTransactionTimeoutMs >= lockTimeoutMs) {
    const problem = "must be longer than postgresIdleInTransactionTimeoutMs";
    faults.push({ key: "postgresLockTimeoutMs", problem });
  }
  if (lockTimeoutMs >= statementTimeoutMs) {
    const problem = "must be longer than postgresLockTimeoutMs";
    faults.push({ key: "postgresStatementTimeoutMs", problem });
  }
  return {
    kind: "postgres",
    url: values.store,
    migrate: values.migrate,
    readConnections: values.postgresReadConnections,
    connectTimeoutMs: values.postgresConnectTimeoutMs,
    idleInTransactionTimeoutMs,
    lockTimeoutMs,
    statementTimeoutMs,
  };
}

function resolveDev({ grpcAddress }: SettingValues, faults: Fault[]): AuthConfig {
  if (!isLoopback(grpcAddress)) {
    faults.push({
      key: "auth",
      problem: `dev believes whatever tenant a caller names, so it is allowed only on loopback, not on ${grpcAddress}; use jwt`,
    });
  }
  return { mode: "dev" };
}

function isLoopback(address: string): boolean {
  const host = address.slice(0, address.lastIndexOf(":"));
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function resolveJwt(
  values: SettingValues,
  { readFile }: Surroundings,
  faults: Fault[],
): AuthConfig {
  const text = readKey(values, readFile, faults);
  const { key, usual, family } = parseKey(text, faults);
  const algorithms = values.authJwtAlgorithms ?? [usual];
  for (const algorithm of algorithms) {
    if (!family.test(algorithm)) {
      faults.push({ key: "authJwtAlgorithms", problem: `${algorithm} does not go with the key` });
    }
  }
  return {
    mode: "jwt",
    key,
    algorithms,
    issuer: values.authJwtIssuer,
    audience: values.authJwtAudience,
  };
}

function readKey(
  { authJwtKey, authJwtKeyFile }: SettingValues,
  readFile: (file: string) => string,
  faults: Fault[],
): string {
  if ((authJwtKey === undefined) === (authJwtKeyFile === undefined)) {
    faults.push({ key: "authJwtKey", problem: "auth=jwt needs authJwtKey or authJwtKeyFile" });
    return "";
  }
  if (authJwtKeyFile === undefined) return authJwtKey ?? "";
  try {
    return readFile(authJwtKeyFile).trimEnd();
  } catch (error) {
    faults.push({ key: "authJwtKeyFile", problem: `cannot be read: ${String(error)}` });
    return "";
  }
}

interface ParsedKey {
  readonly key: Uint8Array | KeyObject;
  /** The algorithm when none is named. */
  readonly usual: string;
  /** The algorithms that the key can be used with: a secret never verifies as a public key. */
  readonly family: RegExp;
}

function parseKey(text: string, faults: Fault[]): ParsedKey {
  if (!text.startsWith("-----BEGIN ")) {
    const key = new TextEncoder().encode(text);
    if (text !== "" && key.byteLength < 32) {
      faults.push({ key: "authJwtKey", problem: "a secret must have 32 bytes or more" });
    }
    return { key, usual: "HS256", family: /^HS(256|384|512)$/ };
  }
  try {
    const key = createPublicKey(text);
    if (key.asymmetricKeyType === "rsa") {
      return { key, usual: "RS256", family: /^[RP]S(256|384|512)$/ };
    }
    if (key.asymmetricKeyType === "ec") return { key, usual: "ES256", family: /^ES(256|384|512)$/ };
    return { key, usual: "EdDSA", family: /^(EdDSA|Ed25519)$/ };
  } catch {
    faults.push({ key: "authJwtKey", problem: "is not a public key in PEM" });
    return { key: new Uint8Array(), usual: "HS256", family: /^/ };
  }
}

/** The faults that zod finds in one setting. */
export function faultsOf(key: string, error: z.ZodError): Fault[] {
  return error.issues.map((issue) => ({ key, problem: issue.message }));
}
