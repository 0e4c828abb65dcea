import { ServerInfo as ServerInfoService } from "@annals/proto/annals/v1/server_info";
import type { CallOptions, Connection } from "../connection/connection.js";

/** What a server is and can do. */
export interface ServerInfo {
  /** Of its software (semver.org). */
  readonly version: string;
  /** What keeps the events: "memory", "sqlite", "postgres", or what a newer server has. */
  readonly store: string;
  /** The limits that are the same for every caller, by the names that errors give. */
  readonly limits: ReadonlyMap<string, bigint>;
  /** What may be used, such as "follow". */
  readonly features: ReadonlySet<string>;
}

/** @throws AnnalsError */
export async function getServerInfo(
  connection: Connection,
  options?: CallOptions,
): Promise<ServerInfo> {
  const answer = await connection.callOf(
    ServerInfoService,
    (client, call) => client.getServerInfo({}, call),
    options,
  );
  return {
    version: answer.serverVersion,
    store: answer.store,
    limits: new Map(answer.limits.map(({ name, maximum }) => [name, maximum])),
    features: new Set(answer.features),
  };
}
