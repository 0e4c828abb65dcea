import { AnnalsError } from "./errors.js";

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * The URL of a server: `host:port` is https, or http where the host is this machine.
 *
 * @param secret whether a token will be sent: never in the clear to another machine, unless told so
 * @throws AnnalsError invalid_options
 */
export function parseAddress(address: string, secret: boolean, allowPlaintext: boolean): URL {
  const text = /^https?:\/\//.test(address) ? address : `http://${address}`;
  if (!URL.canParse(text)) {
    throw new AnnalsError("invalid_options", `${address} is not "host:port" or a URL`, {});
  }
  const url = new URL(text);
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
