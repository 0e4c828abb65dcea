import { randomUUID } from "node:crypto";
import type { ServerUnaryCall } from "@grpc/grpc-js";
import { AnnalsError } from "../../domain/error.js";
import type { Call } from "../../interceptors/call.js";
import { nameOfRpc, type Rpc } from "../rpc.js";

/** What all four kinds of grpc-js call have in common. */
type SurfaceCall = Pick<
  ServerUnaryCall<unknown, unknown>,
  "metadata" | "getPeer" | "getDeadline"
> & { once(event: "cancelled", listener: () => void): unknown };

/** A grpc-js call as the interceptors see it. */
export function createGrpcCall(rpc: Rpc, surface: SurfaceCall): Call {
  const controller = new AbortController();
  const deadline = toUnixMs(surface.getDeadline());
  surface.once("cancelled", () => {
    controller.abort(endedBy(deadline));
  });
  return {
    method: nameOfRpc(rpc),
    streaming: rpc.kind !== "unary",
    scopes: rpc.scopes,
    requestId: randomUUID(),
    peer: surface.getPeer(),
    metadata: (key) => surface.metadata.get(key).map(String),
    deadline,
    signal: controller.signal,
    abort: (reason) => {
      controller.abort(reason);
    },
  };
}

/** grpc-js cancels a call when its caller goes away, and when its deadline passes. */
function endedBy(deadline: number | undefined): AnnalsError {
  const passed = deadline !== undefined && Date.now() >= deadline;
  return new AnnalsError({
    reason: passed ? "deadline_exceeded" : "cancelled",
    outcomeUnknown: true,
  });
}

function toUnixMs(deadline: Date | number): number | undefined {
  const ms = typeof deadline === "number" ? deadline : deadline.getTime();
  return Number.isFinite(ms) ? ms : undefined;
}
