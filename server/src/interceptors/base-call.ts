import { randomUUID } from "node:crypto";
import type { AnnalsError } from "../domain/error.js";
import type { TenantId } from "../domain/tenant.js";
import type { PeerCertificate } from "./authenticate-mtls.js";
import type { Call, Scope } from "./call.js";
import type { Identity } from "./identity.js";

/** What is the same for every call of an RPC. */
export interface CallTraits {
  readonly method: string;
  readonly streaming: boolean;
  readonly scopes: readonly Scope[];
}

/** What a call is whatever its transport. What few calls need is made only when it is asked for. */
export abstract class BaseCall implements Call {
  readonly method: string;
  readonly streaming: boolean;
  readonly scopes: readonly Scope[];
  readonly startedMs: number = performance.now();
  identity?: Identity;
  blocked?: boolean;
  tenantId?: TenantId;
  #requestId: string | undefined;
  #reason: AnnalsError | undefined;
  #controller: AbortController | undefined;
  #onAbort: ((reason: AnnalsError) => void) | undefined;
  #onEnd: (() => void)[] | undefined;

  constructor({ method, streaming, scopes }: CallTraits) {
    this.method = method;
    this.streaming = streaming;
    this.scopes = scopes;
  }

  abstract readonly peer: string;
  abstract readonly deadline: number | undefined;
  abstract metadata(key: string): readonly string[];
  abstract peerCertificate(): PeerCertificate | undefined;

  get requestId(): string {
    return (this.#requestId ??= randomUUID());
  }

  get aborted(): boolean {
    return this.#reason !== undefined;
  }

  get reason(): unknown {
    return this.#reason;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: AnnalsError): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#onAbort?.(reason);
  }

  onAbort(listener: (reason: AnnalsError) => void): void {
    this.#onAbort = listener;
    if (this.#reason) listener(this.#reason);
  }

  onEnd(undo: () => void): void {
    (this.#onEnd ??= []).push(undo);
  }

  ended(): void {
    for (const undo of this.#onEnd ?? []) undo();
  }
}
