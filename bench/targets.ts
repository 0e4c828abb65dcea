/** What Annals is to reach, and how to see whether it does. */
export interface Target {
  /** What is divided by what, or what is counted. */
  readonly what: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** "" for a ratio. */
  readonly unit: string;
  /** Why this number. */
  readonly source: string;
  /** What follows "npm run bench --". */
  readonly measure: string;
}

const design = "the design's targets";
const firstStep = "a first step; the design asks";
const peers = "what its users would use instead";

/** THE TARGETS. A suite's report says of each of its own whether it was met. */
export const targets = {
  appendToEmptyHandler: {
    ...{ what: "append / empty handler, calls/s, 64 in flight", atLeast: 0.5, unit: "" },
    ...{ source: design, measure: "append" },
  },
  appendToEmptyHandlerOnPostgres: {
    ...{ what: "append / empty handler, calls/s, 64 in flight, PostgreSQL", atLeast: 0.55 },
    ...{ unit: "", source: `${firstStep} 0.6`, measure: "append --store postgres" },
  },
  batchesToRawUnnest: {
    ...{ what: "append of 100 events / raw unnest insert, PostgreSQL", atLeast: 0.8, unit: "" },
    ...{ source: design, measure: "append --store postgres --events 100 --in-flight 16" },
  },
  appendToMessageDb: {
    ...{ what: "append / message-db, calls/s, PostgreSQL", atLeast: 2, unit: "" },
    ...{ source: `${firstStep} 3`, measure: "append --store postgres --in-flight 16 --peers" },
  },
  appendToEmmett: {
    ...{ what: "append / Emmett, calls/s, PostgreSQL", atLeast: 4, unit: "" },
    ...{ source: design, measure: "append --store postgres --in-flight 16 --peers" },
  },
  appendToUmaDbAlone: {
    ...{ what: "append / UmaDB, 1 event, 1 in flight", atLeast: 1, unit: "" },
    ...{ source: peers, measure: "peers" },
  },
  appendToUmaDbBatches: {
    ...{ what: "append / UmaDB, 100 events, 1 in flight", atLeast: 0.5, unit: "" },
    ...{ source: peers, measure: "peers" },
  },
  readToUmaDb: {
    ...{ what: "catch-up / UmaDB, events/s", atLeast: 0.5, unit: "" },
    ...{ source: peers, measure: "peers" },
  },
  readKept: {
    ...{ what: "catch-up out of kept pages", atLeast: 1_500_000, unit: "events/s" },
    ...{ source: design, measure: "read" },
  },
  readCold: {
    ...{ what: "catch-up cold from the store, PostgreSQL", atLeast: 300_000, unit: "events/s" },
    ...{ source: design, measure: "read --store postgres" },
  },
  deliveryP99: {
    ...{ what: "append to delivery at 1,000 appends/s, p99", atMost: 10, unit: "ms" },
    ...{ source: design, measure: "live" },
  },
  appendsBesideFollowers: {
    ...{ what: "appends with 1,000 followers / without", atLeast: 0.7, unit: "" },
    ...{ source: design, measure: "live" },
  },
  growth: {
    ...{ what: "cost of an append, full log / empty log", atMost: 1.2, unit: "" },
    ...{ source: design, measure: "growth (and growth --store postgres)" },
  },
  noisyNeighbour: {
    ...{ what: "p99 of a tenant beside a noisy one / alone", atMost: 1.25, unit: "" },
    ...{ source: "a limit for each tenant is to protect the others", measure: "tenants" },
  },
  pipelined: {
    ...{ what: "pipelined appends / unary, one client, 64 in flight", atLeast: 3, unit: "" },
    ...{ source: "what pipelining is for", measure: "sdk" },
  },
  typedCatchUp: {
    ...{ what: "typed catch-up, per core of the client", atLeast: 150_000, unit: "events/s" },
    ...{ source: "a projection of ten million events within a minute or so", measure: "sdk" },
  },
  authentication: {
    ...{ what: "append with jwt / dev mode, calls/s", atLeast: 0.9, unit: "" },
    ...{ source: "a verified token is kept", measure: "chain" },
  },
} as const satisfies Readonly<Record<string, Target>>;

/** A target's name. */
export type TargetName = keyof typeof targets;
