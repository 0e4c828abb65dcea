import { Snapshots } from "@annals/proto/annals/v1/snapshots";
import type { Scope } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { type Rpc, unary } from "../rpc.js";
import { deleteSnapshotRpc } from "./delete-snapshot.js";
import { getSnapshotRpc } from "./get-snapshot.js";
import { saveSnapshotRpc } from "./save-snapshot.js";

/** annals.v1.Snapshots: each RPC, the scope that opens it, and what it does. */
export function snapshotsRpcs(context: ServiceContext): readonly Rpc[] {
  const { method } = Snapshots;
  const scopes: readonly [Scope] = ["snapshots"];
  return [
    unary(method.saveSnapshot, scopes, saveSnapshotRpc(context)),
    unary(method.getSnapshot, scopes, getSnapshotRpc(context)),
    unary(method.deleteSnapshot, scopes, deleteSnapshotRpc(context)),
  ];
}
