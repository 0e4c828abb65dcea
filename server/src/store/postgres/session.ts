import type pg from "pg";
import { columnTypes } from "./row.js";

/** Told what goes wrong and mends itself. */
export interface StoreLogger {
  warn(fields: object, message: string): void;
}

/** How connections behave. */
export interface SessionOptions {
  /**
   * How long the transaction of a batch may stand idle before PostgreSQL ends it: how long a server
   * that hangs can delay the others. Default 5,000.
   */
  readonly idleInTransactionTimeoutMs: number;
  /** How long to wait for the log's head. Longer than idleInTransactionTimeoutMs. Default 8,000. */
  readonly lockTimeoutMs: number;
  /** How long one statement may take. Longer than lockTimeoutMs. Default 10,000. */
  readonly statementTimeoutMs: number;
  /** How long to wait for a connection, new or of the pool. Default 5,000. */
  readonly connectTimeoutMs: number;
  /** What pg_stat_activity shows. Default "annals". */
  readonly applicationName: string;
}

/** Default session options. */
export const sessionDefaults: SessionOptions = {
  idleInTransactionTimeoutMs: 5_000,
  lockTimeoutMs: 8_000,
  statementTimeoutMs: 10_000,
  connectTimeoutMs: 5_000,
  applicationName: "annals",
};

/** A server gone without a word is noticed this much later than its timeouts. */
const graceMs = 5_000;

/**
 * The driver's settings for a connection.
 *
 * @param more settings of its session
 * @throws TypeError when the URL is none
 */
export function clientConfig(
  url: string,
  options: SessionOptions,
  more: Readonly<Record<string, string>> = {},
): pg.ClientConfig {
  const target = new URL(url);
  const own = Object.entries({ ...settingsOf(options), ...more }).map(
    ([name, value]) => `-c ${name}=${value}`,
  );
  const given = target.searchParams.get("options");
  target.searchParams.set("options", [...own, ...(given === null ? [] : [given])].join(" "));
  if (!target.searchParams.has("application_name")) {
    target.searchParams.set("application_name", options.applicationName);
  }
  return {
    connectionString: target.href,
    connectionTimeoutMillis: options.connectTimeoutMs,
    query_timeout: options.statementTimeoutMs + graceMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: columnTypes,
  };
}

/**
 * Settings of a session. A prepared statement keeps the plan that was made for it until the tables
 * are next analyzed, and on an empty table all indexes look alike: the plan made there may read a
 * whole tenant to find one event. So the planner is given no choice. It must not sort, and each query
 * of events asks for an order that one index alone gives.
 */
function settingsOf(options: SessionOptions): Record<string, string | number> {
  return {
    statement_timeout: options.statementTimeoutMs,
    lock_timeout: options.lockTimeoutMs,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs,
    // A server whose network is dead, also while PostgreSQL still sends it an answer.
    tcp_user_timeout: options.idleInTransactionTimeoutMs,
    tcp_keepalives_idle: 10,
    tcp_keepalives_interval: 5,
    tcp_keepalives_count: 3,
    synchronous_commit: "on",
    default_transaction_isolation: "read\\ committed",
    TimeZone: "UTC",
    DateStyle: "ISO",
    jit: "off",
    plan_cache_mode: "force_generic_plan",
    enable_seqscan: "off",
    enable_bitmapscan: "off",
    enable_hashjoin: "off",
    enable_mergejoin: "off",
    enable_sort: "off",
    max_parallel_workers_per_gather: 0,
  };
}
