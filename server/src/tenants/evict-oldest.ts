/** Tenants that something is held of at most. */
const maxTenants = 20_000;

/** Forgets what was held longest, when there is too much. */
export function evictOldest(held: Map<unknown, unknown>): void {
  const [oldest] = held.keys();
  if (held.size > maxTenants && oldest !== undefined) held.delete(oldest);
}
