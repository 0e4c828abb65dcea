import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Disk, measureDisk } from "../report/disk.js";
import { openPostgresPlace } from "./postgres-place.js";

/** Where the server keeps its log during a run. */
export interface StorePlace {
  /** The server's setting of the same name. */
  readonly store: string;
  /** What an answer means: the fsync policy. */
  readonly durability: string;
  /** Where the file is; undefined when the store has none of ours. */
  readonly disk: Disk | undefined;
  /** Removes what was made. Idempotent. */
  close(): Promise<void>;
}

/**
 * Makes room for a fresh log. "sqlite": a new folder beside this code, because a system's folder
 * for temporary files may be in memory, where fsync costs nothing. "postgres": a new database, on a
 * server started there or on DATABASE_URL's. Anything else but "memory" is the server's business.
 */
export async function openStorePlace(name: string): Promise<StorePlace> {
  if (name === "sqlite") return openSqlitePlace();
  if (name === "postgres") return openPostgresPlace(makeFolder);
  const nothing = (): Promise<void> => Promise.resolve();
  if (name === "memory") {
    const durability = "nothing is kept";
    return { store: "memory:", durability, disk: undefined, close: nothing };
  }
  const durability = "as that store is configured";
  return { store: name, durability, disk: undefined, close: nothing };
}

async function openSqlitePlace(): Promise<StorePlace> {
  const folder = await makeFolder();
  return {
    store: `sqlite://${join(folder, "annals.db")}`,
    durability: "WAL, synchronous=FULL: fsync before the answer, one for each batch",
    disk: await measureDisk(folder),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A new folder beside this code, on a disk. */
export async function makeFolder(): Promise<string> {
  const cache = fileURLToPath(new URL("../../.cache", import.meta.url));
  await mkdir(cache, { recursive: true });
  return mkdtemp(join(cache, "append-"));
}
