import { cors } from "@connectrpc/connect";
import type { NodeRequest, NodeResponse } from "./listener.js";

/** How long a browser may keep the answer to a preflight, in seconds. */
const maxAgeSeconds = 7_200;

/** What a page may send besides the protocols' own headers. */
const ownHeaders = ["Authorization", "X-Tenant-Id", "Traceparent"];

/**
 * What browsers ask before a page may call (https://fetch.spec.whatwg.org/#http-cors-protocol). A
 * request that says it comes from a page of an origin that is not allowed is refused as a whole.
 *
 * @param origins those allowed; "*" is every one
 * @returns true when the request has been answered
 */
export function answerCors(
  request: NodeRequest,
  response: NodeResponse,
  origins: readonly string[],
): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return false;
  response.setHeader("vary", "origin");
  if (!origins.includes("*") && !origins.includes(origin)) {
    response.writeHead(403, { "content-type": "text/plain" });
    response.end(`origin ${origin} is not allowed: see httpCorsOrigins\n`);
    return true;
  }
  response.setHeader("access-control-allow-origin", origin);
  response.setHeader("access-control-expose-headers", cors.exposedHeaders.join(", "));
  if (request.method !== "OPTIONS") return false;
  response.writeHead(204, {
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": [...cors.allowedHeaders, ...ownHeaders].join(", "),
    "access-control-max-age": String(maxAgeSeconds),
  });
  response.end();
  return true;
}
