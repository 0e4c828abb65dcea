import {
  type CryptoKey,
  createLocalJWKSet,
  errors,
  type JWTVerifyGetKey,
  type KeyObject,
} from "jose";
import { z } from "zod";
import { AnnalsError } from "../domain/error.js";

/** The key or keys that tokens are verified with. */
export interface JwtKeys {
  /**
   * Counts up whenever the keys change; undefined when they are too old to be believed, so that nothing counts that
   * was verified with them. Starts a refresh, in the background, when they are old.
   */
  generation(): number | undefined;
  /** Answers the key of a token's `kid`. */
  readonly getKey: JWTVerifyGetKey;
}

/** One key that never changes. */
export function staticKey(key: Uint8Array | CryptoKey | KeyObject): JwtKeys {
  return { generation: () => 0, getKey: () => Promise.resolve(key as CryptoKey) };
}

/** How a key set is kept fresh. */
export interface JwksOptions {
  /** Reads the set as JSON text; bounds its own time and size. */
  readonly load: () => Promise<string>;
  /** Age at which it is read again, in milliseconds. */
  readonly maxAgeMs: number;
  /** Age past which it is no longer believed when it cannot be read, in milliseconds. */
  readonly maxStaleMs: number;
  readonly onError: (error: unknown) => void;
}

/** A `kid` that is not in the set is looked for no more often than this, in milliseconds. */
const unknownKidMs = 30_000;

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });

/**
 * A JSON Web Key Set (RFC 7517). Shared secrets in it are left out: it holds public keys only.
 *
 * @throws when the set cannot be read at first
 */
export async function openJwks(options: JwksOptions): Promise<JwtKeys> {
  let text = "";
  let current: JWTVerifyGetKey | undefined;
  let generation = 0;
  // By the monotonic clock: the other one may be set back.
  let readAt = 0;
  let triedAt = 0;
  let refreshing: Promise<void> | undefined;

  const read = async (): Promise<void> => {
    triedAt = performance.now();
    const fresh = await options.load();
    if (fresh !== text) {
      const { keys } = keySet.parse(JSON.parse(fresh));
      current = createLocalJWKSet({ keys: keys.filter(({ kty }) => kty !== "oct") });
      text = fresh;
      generation++;
    }
    readAt = performance.now();
  };
  const refresh = (): Promise<void> =>
    (refreshing ??= read()
      .catch(options.onError)
      .finally(() => (refreshing = undefined)));
  const due = (ageMs: number): boolean => performance.now() - triedAt >= ageMs;
  const unknownKidAgeMs = Math.min(options.maxAgeMs, unknownKidMs);

  await read();
  return {
    generation: () => {
      if (due(options.maxAgeMs)) void refresh();
      return performance.now() - readAt > options.maxStaleMs ? undefined : generation;
    },
    getKey: async (header, token) => {
      if (performance.now() - readAt > options.maxStaleMs) await refresh();
      if (!current || performance.now() - readAt > options.maxStaleMs) {
        throw new AnnalsError({
          reason: "unavailable",
          description: "the keys that tokens are verified with cannot be read",
          outcomeUnknown: false,
        });
      }
      try {
        return await current(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || !(due(unknownKidAgeMs) || refreshing)) {
          throw error;
        }
        await refresh();
        return current(header, token);
      }
    },
  };
}
