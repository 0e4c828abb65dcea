import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { spreadOf } from "./spread.js";

/** What a durable write costs at the place of measurement. */
export interface Disk {
  readonly folder: string;
  /** Kind of file system; a number where the name is not known (statfs(2)). */
  readonly fileSystem: string;
  /** Median time to append 4 KiB to a file and fdatasync it. */
  readonly syncMs: number;
}

const fileSystems: ReadonlyMap<number, string> = new Map([
  [0xef53, "ext4"],
  [0x5846_5342, "xfs"],
  [0x9123_683e, "btrfs"],
  [0x2fc1_2fc1, "zfs"],
  [0x794c_7630, "overlay"],
  [0x0102_1994, "tmpfs"],
  [0x6969, "nfs"],
]);

/** How often it is written. */
const writes = 100;

/** Looks at a folder's file system and writes there for a moment. */
export async function measureDisk(folder: string): Promise<Disk> {
  const { type } = await statfs(folder);
  return {
    folder,
    fileSystem: fileSystems.get(type) ?? `0x${type.toString(16)}`,
    syncMs: spreadOf(timeWrites(join(folder, "sync-probe"))).median,
  };
}

function timeWrites(file: string): number[] {
  const page = Buffer.alloc(4096, 1);
  const descriptor = openSync(file, "w");
  try {
    return Array.from({ length: writes }, () => {
      const started = performance.now();
      writeSync(descriptor, page);
      fdatasyncSync(descriptor);
      return performance.now() - started;
    });
  } finally {
    closeSync(descriptor);
    rmSync(file);
  }
}
