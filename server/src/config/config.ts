import type { z } from "zod";
import { type AuthConfig, resolveAuth, resolveTls, type TlsConfig } from "./resolve-auth.js";
import type { Setting, Settings } from "./settings.js";

/** What the operator said, each setting checked by itself. */
export type SettingValues = {
  readonly [Key in keyof Settings]: Settings[Key] extends Setting<infer T> ? T : never;
};

/** Settings that Config holds in another form, or, a secret, not at all. */
const resolved = /^(store|migrate|postgres.*|auth.*|tls.*|logFormat)$/;

/** The others mean what they say. */
type PlainSetting = Exclude<
  keyof Settings,
  "store" | "migrate" | `postgres${string}` | `auth${string}` | `tls${string}` | "logFormat"
>;

/** What the server runs with: resolved and frozen. */
export interface Config extends Pick<SettingValues, PlainSetting> {
  readonly store: StoreConfig;
  readonly auth: AuthConfig;
  /** undefined: plaintext. */
  readonly tls: TlsConfig | undefined;
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
    auth: resolveAuth(values, surroundings, faults),
    tls: resolveTls(values, faults),
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

/** The faults that zod finds in one setting. */
export function faultsOf(key: string, error: z.ZodError): Fault[] {
  return error.issues.map((issue) => ({ key, problem: issue.message }));
}
