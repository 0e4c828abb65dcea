import { AnnalsError } from "../../domain/error.js";
import type { PeerCertificate } from "../../interceptors/authenticate-mtls.js";
import { BaseCall, type CallTraits } from "../../interceptors/base-call.js";
import type { Exchange } from "./exchange.js";
import { parseTimeout } from "./timeout.js";

/** A call over HTTP as the interceptors see it. */
export class HttpCall extends BaseCall {
  readonly #began = Date.now();

  constructor(
    traits: CallTraits,
    private readonly exchange: Exchange,
  ) {
    super(traits);
    const lost = (): void => {
      this.abort(new AnnalsError({ reason: "cancelled", outcomeUnknown: true }));
    };
    exchange.signal.addEventListener("abort", lost);
    if (exchange.signal.aborted) lost();
  }

  get peer(): string {
    return this.exchange.peer;
  }

  /** @throws AnnalsError invalid_argument when the caller says it wrongly */
  get deadline(): number | undefined {
    const timeoutMs = parseTimeout(this.exchange);
    return timeoutMs === undefined ? undefined : this.#began + timeoutMs;
  }

  metadata(key: string): readonly string[] {
    return this.exchange.header(key);
  }

  peerCertificate(): PeerCertificate | undefined {
    return this.exchange.peerCertificate();
  }

  /** The caller takes nothing of the answer: nobody is told, the exchange is cut off. */
  hangUp(reason: AnnalsError): void {
    this.abort(reason);
    this.exchange.hangUp();
  }
}
