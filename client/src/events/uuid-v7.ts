/** A UUIDv7 (RFC 9562, 5.7): the time in milliseconds, then chance. Ids made later sort later. */
export function createUuidV7(nowMs: number = Date.now()): string {
  const time = Math.floor(nowMs).toString(16).padStart(12, "0");
  const chance = crypto.randomUUID();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${chance.slice(15)}`;
}
