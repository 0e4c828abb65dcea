import { readFile } from "node:fs/promises";

const timeoutMs = 5_000;
const maxBytes = 262_144;

/** Whether a key set comes from a URL, not from a file. */
export function isJwksUrl(from: string): boolean {
  return /^https?:\/\//i.test(from);
}

/**
 * Reads a key set, at most 256 KiB, in at most five seconds. Redirects are not followed: they could
 * lead off to plaintext.
 *
 * @throws when it cannot be read, is too long or takes too long
 */
export async function loadJwks(from: string): Promise<string> {
  if (!isJwksUrl(from)) return readFile(from, "utf8");
  const response = await fetch(from, {
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
    headers: { accept: "application/json" },
  });
  if (!response.ok || !response.body) throw new Error(`${from} answers ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error(`${from} is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
