import { AnnalsError } from "./errors.js";

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * The URL of a server: `host:port` is https, or http where the host is this machine. It has no path:
 * gRPC has none but its own.
 *
 * @param secret whether a token will be sent: never in the clear to another machine, unless told so
 * @throws AnnalsError invalid_options
 */
export function parseAddress(address: string, secret: boolean, allowPlaintext: boolean): URL {
  const text = /^https?:\/\//.test(address) ? address : `http://${address}`;
  if (!URL.canParse(text)) throw notAnAddress();
  const url = new URL(text);
  if (url.href !== `${url.origin}/`) throw notAnAddress();
  const local = loopback.test(url.hostname);
  if (text !== address && !local) return new URL(`https://${address}`);
  if (secret && url.protocol === "http:" && !local && !allowPlaintext) {
    throw new AnnalsError(
      "invalid_options",
      `a token would go in the clear to ${url.host}: use https, or set allowPlaintext`,
      {},
    );
  }
  return url;
}

/** Its text leaves the address out: there may be a password in it. */
function notAnAddress(): AnnalsError {
  const message = 'the address must be "host:port", or http(s)://host:port and no more';
  return new AnnalsError("invalid_options", message, {});
}
