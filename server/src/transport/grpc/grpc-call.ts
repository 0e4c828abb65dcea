import type { ServerUnaryCall } from "@grpc/grpc-js";
import { AnnalsError } from "../../domain/error.js";
import type { PeerCertificate } from "../../interceptors/authenticate-mtls.js";
import { BaseCall, type CallTraits } from "../../interceptors/base-call.js";
import { toPeerCertificate } from "../tls.js";

/** What all four kinds of grpc-js call have in common. */
type SurfaceCall = Pick<
  ServerUnaryCall<unknown, unknown>,
  "metadata" | "getPeer" | "getDeadline" | "getAuthContext"
> & { on(event: "cancelled", listener: () => void): unknown };

/** A grpc-js call as the interceptors see it. */
export class GrpcCall extends BaseCall {
  readonly deadline: number | undefined;
  /** Taken when the call comes: a connection that has ended no longer says it. */
  readonly peer: string;
  #answered = false;

  constructor(
    traits: CallTraits,
    private readonly surface: SurfaceCall,
  ) {
    super(traits);
    this.deadline = toUnixMs(surface.getDeadline());
    this.peer = surface.getPeer();
    surface.on("cancelled", () => {
      if (!this.#answered) this.abort(this.#lost());
    });
  }

  peerCertificate(): PeerCertificate | undefined {
    const certificate = this.surface.getAuthContext().sslPeerCertificate;
    return certificate && toPeerCertificate(certificate);
  }

  metadata(key: string): readonly string[] {
    return this.surface.metadata.get(key).map(String);
  }

  /** The call has its answer. grpc-js says "cancelled" when any call closes, also one that went well. */
  answered(): void {
    this.#answered = true;
  }

  /** grpc-js cancels a call when its caller goes away, and when its deadline passes. */
  #lost(): AnnalsError {
    const passed = this.deadline !== undefined && Date.now() >= this.deadline;
    return new AnnalsError({
      reason: passed ? "deadline_exceeded" : "cancelled",
      outcomeUnknown: true,
    });
  }
}

function toUnixMs(deadline: Date | number): number | undefined {
  const ms = typeof deadline === "number" ? deadline : deadline.getTime();
  return Number.isFinite(ms) ? ms : undefined;
}
