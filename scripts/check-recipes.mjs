// Runs docs/how-to/java-and-rust.md: each recipe is built and run against a server that is started here, where its
// toolchain is. `npm run build` comes first. Says what it skips, and fails when a recipe does.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const document = "docs/how-to/java-and-rust.md";
const documentedAddress = "127.0.0.1:50051";
const expected = '1 OrderPlaced {"total":299.99}\n';

const recipes = [
  {
    language: "Java",
    needs: ["mvn", "javac"],
    folder: "clients/recipes/java",
    command: `mvn -q compile exec:java -Dexec.args=${documentedAddress}`,
  },
  {
    language: "Rust",
    needs: ["cargo"],
    folder: "clients/recipes/rust",
    command: `cargo run -q --locked -- ${documentedAddress}`,
  },
];

const folder = mkdtempSync(join(tmpdir(), "annals-recipes-"));
const flags = ["--grpc-address", "127.0.0.1:0", "--http-address", "off"];
const server = spawn(
  process.execPath,
  ["server/dist/main.js", "serve", ...flags, "--store", `sqlite:${join(folder, "annals.db")}`],
  { stdio: ["ignore", "pipe", "inherit"] },
);
try {
  const address = await listening(server);
  const text = readFileSync(document, "utf8");
  for (const recipe of recipes) {
    const fault = check(recipe, text, address);
    if (fault === undefined) continue;
    console.error(`FAIL  ${recipe.language}: ${fault}`);
    process.exitCode = 1;
  }
} finally {
  if (server.exitCode === null) {
    server.kill();
    await once(server, "exit");
  }
  rmSync(folder, { recursive: true });
}

/** The address that a server logs when it listens. @throws when it ends before */
async function listening({ stdout }) {
  for await (const line of createInterface({ input: stdout })) {
    const entry = JSON.parse(line);
    if (entry.msg !== "listening") continue;
    stdout.resume();
    return entry.grpcAddress;
  }
  throw new Error("the server did not start");
}

/** What is wrong with a recipe; undefined: it holds, or its toolchain is not here. */
function check({ language, needs, folder, command }, text, address) {
  if (!text.includes(`cd ${folder}\n${command}\n`)) return `${document} has another command`;
  const missing = needs.filter((name) => spawnSync("which", [name]).status !== 0);
  if (missing.length > 0) {
    console.log(`SKIP  ${language}: no ${missing.join(", no ")} here`);
    return undefined;
  }
  const here = command.replace(documentedAddress, address);
  const options = { cwd: folder, shell: true, encoding: "utf8", timeout: 600_000 };
  const { status, stdout, stderr } = spawnSync(here, options);
  // Maven colours even what is quiet.
  const printed = stdout.replace(/\u001b\[[0-9;]*m/g, "");
  if (status !== 0 || printed !== expected) return `${here}\n${stdout}${stderr}`;
  console.log(`ok    ${language}`);
  return undefined;
}
