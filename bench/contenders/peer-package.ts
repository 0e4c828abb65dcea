import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Time for npm to fetch a package, in milliseconds. */
const installMs = 120_000;

/**
 * Installs a peer's package from npm, without running its scripts, in a folder that is no part of
 * the repository; does nothing when it is there.
 *
 * @returns the package's folder
 * @throws Error when npm cannot
 */
export async function installPeer(name: string, version: string): Promise<string> {
  const cache = fileURLToPath(new URL("../../.cache/peers", import.meta.url));
  const home = join(cache, `${name.replaceAll(/[@/]/g, "_")}-${version}`);
  const folder = join(home, "node_modules", name);
  if (existsSync(join(folder, "package.json"))) return folder;
  await mkdir(home, { recursive: true });
  const args = ["install", "--prefix", home, "--ignore-scripts", "--no-audit", "--no-fund"];
  await promisify(execFile)("npm", [...args, `${name}@${version}`], { timeout: installMs });
  return folder;
}
