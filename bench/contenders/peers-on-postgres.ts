import type { Contender } from "./contender.js";
import { createEmmett } from "./emmett.js";
import { createMessageDb } from "./message-db.js";

export interface PeersOptions {
  /** A PostgreSQL URL; each gets a database of its own on that server. */
  readonly serverUrl: string;
  readonly durability: string;
  readonly inFlight: number;
  readonly dataBytes: number;
  readonly streams: number;
}

const peers = [
  ["message-db", createMessageDb],
  ["Emmett", createEmmett],
] as const;

/** The peers that run in process on PostgreSQL. Those that cannot be had are left out, and said. */
export async function createPeersOnPostgres(
  options: PeersOptions,
  wanted: boolean,
): Promise<{ readonly peers: readonly Contender[]; readonly missing: readonly string[] }> {
  const [found, missing]: [Contender[], string[]] = [[], []];
  for (const [name, createPeer] of wanted ? peers : []) {
    try {
      found.push(await createPeer(options));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      missing.push(`SKIPPED ${name}, which could not be installed: ${why}`);
    }
  }
  return { peers: found, missing };
}
