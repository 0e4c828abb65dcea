import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const folder = "node_modules/.cache/annals-python";

/** Why there is no Python to run; undefined: there is one. */
export function pythonMissing() {
  const { status } = spawnSync("python3", ["-c", "import venv"], { stdio: "ignore" });
  return status === 0 ? undefined : "python3 with venv is not there";
}

/** A virtual environment in a cache folder with some packages of PyPI; answers its interpreter. */
export function pythonWith(packages) {
  const python = resolve(folder, "bin/python");
  if (!existsSync(python)) execFileSync("python3", ["-m", "venv", folder], { stdio: "inherit" });
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages];
  execFileSync(python, install, { stdio: "inherit" });
  return python;
}

/** The interpreter for the client in this repository, with what it and its tests need. */
export function pythonForClient() {
  return pythonWith(["-e", join("clients", "python"), "pytest>=8", "grpcio-reflection>=1.76"]);
}
