import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Time for each step, in milliseconds. */
const installMs = 120_000;

const run = promisify(execFile);

/**
 * Installs a peer's package from PyPI, as a wheel, in a virtual environment that is no part of the
 * repository; does nothing when it is there.
 *
 * @returns the environment's folder of programs
 * @throws Error when there is no Python 3 or pip cannot
 */
export async function installPythonPeer(name: string, version: string): Promise<string> {
  const cache = fileURLToPath(new URL("../../.cache/peers", import.meta.url));
  const home = join(cache, `${name}-${version}-python`);
  const programs = join(home, "bin");
  if (existsSync(join(programs, name))) return programs;
  await mkdir(cache, { recursive: true });
  try {
    await run("python3", ["-m", "venv", home], { timeout: installMs });
    const args = ["install", "--quiet", "--only-binary", ":all:", `${name}==${version}`];
    await run(join(programs, "pip"), args, { timeout: installMs });
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
  return programs;
}
