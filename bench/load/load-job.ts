/** The bytes of a unary gRPC request, and where they differ from call to call. */
export interface RequestTemplate {
  /** ":path": "/package.Service/Method". */
  readonly path: string;
  /** Metadata sets that calls take turns with; at least one. Names in lower case. */
  readonly metadata: readonly (readonly (readonly [name: string, value: string])[])[];
  /** The encoded message, without gRPC's prefix. */
  readonly message: Uint8Array;
  /** Where UUIDs stand in the message, as 36 bytes of text: each call has its own. */
  readonly uuidOffsets: readonly number[];
  /** Where 8 hexadecimal digits stand that say which of so many things the call is about. */
  readonly picks: readonly { readonly offset: number; readonly among: number }[];
}

/** One stretch of load, for the generator process. Plain data. */
export interface LoadJob {
  /** "host:port". */
  readonly address: string;
  readonly request: RequestTemplate;
  /** Calls that wait for their answer at any time, spread over the connections; with a rate, at most. */
  readonly inFlight: number;
  readonly connections: number;
  /** Calls due in a second, whatever the answers do; undefined: the next one when one is answered. */
  readonly rate?: number | undefined;
  /** With a rate: RESOURCE_EXHAUSTED is an answer like any other, and counted. */
  readonly mayRefuse?: boolean;
  /** With a rate: does not wait at the end for what is not answered. */
  readonly abandon?: boolean;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** The process whose CPU time is read, where it can be. */
  readonly serverPid: number;
  /** Told apart from every other job's on the same log: goes into the UUIDs. 0 to 2^24 - 1. */
  readonly tag: number;
}

/** What came of it. CPU times and calls are those of the measured time; warm-up is not in them. */
export interface LoadResult {
  readonly seconds: number;
  /** Calls answered OK in the measured time. */
  readonly calls: number;
  /** Calls answered OK at all: with those of the warm-up and those under way at the end. */
  readonly acknowledged: number;
  /** Calls refused with RESOURCE_EXHAUSTED at all. */
  readonly refused: number;
  /** Counts of a Histogram. */
  readonly latency: Float64Array;
  readonly cpu: CpuSeconds;
  /** Since the server started. Undefined where the system does not tell. */
  readonly serverPeakRssBytes: number | undefined;
}

/** CPU seconds, user and system. Undefined where the system does not tell. */
export interface CpuSeconds {
  readonly server: number | undefined;
  readonly generator: number;
  /** Of the whole machine, all processes. */
  readonly machine: number;
}
