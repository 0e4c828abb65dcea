// Packs each package as it would be published and checks the tarball: exports, types, files.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const run = (command, args, options) =>
  execFileSync(command, args, { encoding: "utf8", ...options }).trim();

const folder = mkdtempSync(join(tmpdir(), "annals-pack-"));
try {
  for (const name of ["proto", "client", "server"]) {
    const [packed] = JSON.parse(
      run("npm", ["pack", "--json", "--silent", "--pack-destination", folder, "--workspace", name]),
    );
    const tarball = join(folder, packed.filename);
    const checks = [
      ["publint", [tarball, "--strict"]],
      ["attw", [tarball, "--profile", "esm-only", "--format", "ascii", "--quiet"]],
    ];
    for (const [command, args] of checks) {
      try {
        run(command, args);
      } catch (error) {
        console.error(`${command} of ${name}:\n${error.stdout}${error.stderr}`);
        process.exitCode = 1;
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
