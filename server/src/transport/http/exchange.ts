import { type ContextKey, createContextKey } from "@connectrpc/connect";
import type { PeerCertificate } from "../../interceptors/authenticate-mtls.js";
import { toPeerCertificate } from "../tls.js";
import type { NodeRequest, NodeResponse } from "./listener.js";

/** One HTTP request and its answer, as far as a call needs to know of them. */
export interface Exchange {
  /** The caller's address. */
  readonly peer: string;
  /** The certificate of the caller that TLS verified; undefined: none. */
  readonly peerCertificate: () => PeerCertificate | undefined;
  /** The values of a header, in lower case, each as it was sent. */
  readonly header: (name: string) => readonly string[];
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
  /** Cuts the answer off: for a caller that takes nothing of it. */
  readonly hangUp: () => void;
}

/** Where a call of the router finds its exchange. */
export const exchangeKey: ContextKey<Exchange | undefined> = createContextKey<Exchange | undefined>(
  undefined,
);

/** @param signal aborted when the caller goes away */
export function toExchange(
  request: NodeRequest,
  response: NodeResponse,
  signal: AbortSignal,
): Exchange {
  // Not request.headers: it joins what is repeated, or drops it.
  const { rawHeaders } = request;
  const { socket } = request;
  const { remoteAddress = "", remotePort = 0 } = socket;
  return {
    peer: `${remoteAddress}:${remotePort}`,
    peerCertificate: () => {
      const certificate = "getPeerCertificate" in socket ? socket.getPeerCertificate() : undefined;
      return certificate?.fingerprint256 === undefined ? undefined : toPeerCertificate(certificate);
    },
    header: (name) =>
      rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name),
    signal,
    hangUp: () => {
      response.destroy();
    },
  };
}
