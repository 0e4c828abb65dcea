import { ServerInfo } from "@annals/proto/annals/v1/server_info";
import { scopes } from "../../interceptors/call.js";
import { type Rpc, unary } from "../rpc.js";
import { describeServer, type ServerFacts } from "./describe-server.js";

/** annals.v1.ServerInfo: its RPC, the scopes that open it, and what it does. */
export function serverInfoRpcs(facts: ServerFacts): readonly Rpc[] {
  const answer = describeServer(facts);
  return [unary(ServerInfo.method.getServerInfo, scopes, () => Promise.resolve(answer))];
}
