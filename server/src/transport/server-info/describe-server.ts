import type { MessageInitShape } from "@bufbuild/protobuf";
import type { GetServerInfoResponseSchema } from "@annals/proto/annals/v1/server_info";
import { limits } from "../../domain/limits.js";

/** What differs between servers. */
export interface ServerFacts {
  /** Of the software (semver.org). */
  readonly version: string;
  /** What keeps the events. */
  readonly store: "memory" | "sqlite" | "postgres";
}

/** What a client may use, and an older server may not have. A name once given stays. */
const features = ["append_stream", "follow", "tags", "snapshots", "tenants", "projections"];

/** All that a server says of itself. */
export function describeServer({
  version,
  store,
}: ServerFacts): MessageInitShape<typeof GetServerInfoResponseSchema> {
  return {
    serverVersion: version,
    contract: "annals.v1",
    store,
    limits: Object.entries(limits).map(([key, maximum]) => ({
      name: key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      maximum: BigInt(maximum),
    })),
    features,
  };
}
