import { statSync } from "node:fs";
import { stat } from "node:fs/promises";

const intervalMs = 500;

/**
 * Tells of changes to files from now on, also of those that are replaced by a rename, within about a second.
 *
 * @returns stops it
 */
export function watchFiles(files: readonly string[], onChange: () => void): () => void {
  let seen = files.map(stateNow).join();
  let looking = false;
  let stopped = false;
  const look = async (): Promise<void> => {
    if (looking) return; // a file system that hangs is asked once
    looking = true;
    const states = (await Promise.all(files.map(stateOf))).join();
    looking = false;
    if (stopped || states === seen) return;
    seen = states;
    onChange();
  };
  const timer = setInterval(() => void look(), intervalMs).unref();
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}

interface FileState {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

function stateNow(file: string): string {
  return describe(statSync(file, { bigint: true, throwIfNoEntry: false }));
}

async function stateOf(file: string): Promise<string> {
  return describe(await stat(file, { bigint: true }).catch(() => undefined));
}

function describe(state: FileState | undefined): string {
  return state ? [state.dev, state.ino, state.size, state.mtimeNs].join(" ") : "none";
}
