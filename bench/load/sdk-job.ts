import type { Load } from "../contenders/contender.js";
import type { LoadResult } from "./load-job.js";

/** What a client of the SDK does, in a process of its own. Plain data. */
export type SdkJob = {
  /** "host:port". */
  readonly address: string;
  readonly tenant: string;
  readonly serverPid: number;
  readonly load: Load;
} & (
  | { readonly kind: "append"; readonly appends: "unary" | "pipelined" }
  /** Reads the log once, each event decoded, validated and given to a projection. */
  | { readonly kind: "catch-up" }
  /** Loads one of so many aggregates after the other, order-00000000 and so on. */
  | {
      readonly kind: "load aggregates";
      readonly aggregates: number;
      /** Each has a snapshot of its newest state before the time begins. */
      readonly snapshots: boolean;
    }
);

/** What came of it. In `cpu`, the generator is the client. */
export interface SdkResult extends LoadResult {
  readonly clientPeakRssBytes: number | undefined;
}
