import { ServerInfo } from "@annals/proto/annals/v1/server_info";
import { type Rpc, unary } from "../rpc.js";
import { describeServer, type ServerFacts } from "./describe-server.js";

/** annals.v1.ServerInfo: its RPC, the scopes that open it, and what it does. */
export function serverInfoRpcs(facts: ServerFacts): readonly Rpc[] {
  const answer = describeServer(facts);
  return [
    unary(
      ServerInfo.method.getServerInfo,
      [
        "events:read",
        "events:append",
        "events:read:all-tenants",
        "projections",
        "snapshots",
        "tenants:admin",
      ],
      () => Promise.resolve(answer),
    ),
  ];
}
